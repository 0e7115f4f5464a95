#!/bin/sh
{ # A shell reads all of a script in braces before it does anything. A copy that was cut off does nothing and fails.
# Installs this bundle on its Azure IoT Edge device: sudo sh install.sh
#
# It checks everything before it changes anything. Then it places the configuration (with the host name, and the secrets from the
# environment, a file or the terminal), the certificate and the proxy's drop-ins, each by one rename, and restarts the runtime. If
# that fails or the script is stopped, be it by a lost connection, the old files come back. After a success they stay as
# <file>.before-install. After a power cut, the next run puts the old files back. Only one run at a time does anything.
# It sets owner and mode of the private key, and never changes, copies or shows its content.
#SETTINGS#
set -u
umask 077
export LC_ALL=C
unset CDPATH
# cron and some shells have no /usr/sbin, where runuser is.
export PATH="$PATH:/usr/sbin:/sbin"

usage() {
  cat <<END
usage: sudo sh install.sh [--dry-run] [--secrets FILE] [--root DIR [--restart]]

Installs the bundle of the device $DEVICE (IoT Edge $RUNTIME).

  --dry-run   check everything, say what would be done, change nothing
  --secrets FILE
              lines NAME=value, one for each secret; only root may read FILE
  --root DIR  DIR is the device's file system, such as an image that is being built; nothing is restarted
  --restart   with --root: restart all the same, by the systemctl and iotedge on PATH
  --help      this text

INSTALL_WAIT: seconds that the services must stay up after the restart (15).
Exit: 0 installed, or nothing to do; 1 refused, or failed and put back; 2 wrong usage;
3 installed and running, but "iotedge check" found something to look at, or was stopped;
129, 130, 131, 141 or 143 stopped by a signal (128 and its number), and put back.
END
}

main() {
  kind='' file='' text='' mode='' owner='' had=''
  # Tried: when a restart failed, mksh R59 did not put the files back.
  case ${KSH_VERSION-} in *MIRBSD* | *'LEGACY KSH'*)
    complain 'mksh cannot run this script, expected dash, busybox, bash, zsh, yash or ksh93. Type: sudo bash install.sh'
    exit 2
    ;;
  esac
  take_secrets
  ME=$(id -u)
  SECRETS='' ROOT='' DRY_RUN='' RESTART='' FAULTS=0 COUNT=0 RELOAD='' RAN='' SAME='' UNSURE=''
  STATE=checking DUE='' STOPPED='' ENDING='' SIGNALLED='' CLAIM='' PIPED='' WAITED=${!:-} END_OF_OUTPUT=$(printf '\004')
  read_options "$@"
  check_programs
  [ "$FAULTS" -gt 0 ] || [ -z "$SECRETS" ] || read_secrets "$SECRETS"
  [ "$FAULTS" -gt 0 ] || ask_secrets
  find_configuration
  find_lock
  # What a run left that was cut off is put back whatever the checks find.
  [ "$FAULTS" = 0 ] || [ -e "$MARK" ] || give_up
  if [ -n "$DRY_RUN" ]; then
    tell_what_is_pending
  else
    lock
    if [ -e "$MARK" ]; then resume; else close_room "$MARK" new; fi
  fi
  [ "$FAULTS" -gt 0 ] || find_runtime
  [ "$FAULTS" -gt 0 ] || check_material
  [ "$FAULTS" -gt 0 ] || plan
  [ "$FAULTS" -gt 0 ] || check_places
  [ "$FAULTS" -gt 0 ] || look_at_services
  [ "$FAULTS" = 0 ] || give_up
  [ -z "$PROXY" ] || hint_engine
  [ "$COUNT" != 0 ] || [ -e "$MARK" ] || SAME=yes
  if [ -n "$SAME" ] && services_as_wanted; then
    say "$DEVICE is installed already, nothing to do."
    exit 0
  fi
  if [ -n "$DRY_RUN" ]; then
    each describe 'would '
    [ -z "$RESTART" ] || say "would restart $SERVICE"
    exit 0
  fi
  install_bundle
}

give_up() {
  [ "$STATE" = back ] || complain 'Nothing was changed.'
  exit 1
}

# A dry run needs no lock and changes nothing.
tell_what_is_pending() {
  if other=$(other_run); then
    complain "another install.sh is at work here: process ${other%%.*}. What is said here may be different when it has ended."
  elif [ -e "$MARK" ]; then
    read_mark
    [ "$NOW" != placing ] || say 'would put back the files of before a run that was cut off. The checks see the files as they are now.'
    COUNT=0
  fi
}

# The engine pulls all images, also the agent's, and does not use the runtime's proxy. Its settings are not in the bundle.
hint_engine() {
  drop_ins=/etc/systemd/system/docker.service.d
  ! grep -qsi prox "$(inside "$drop_ins")"/*.conf "$(inside /etc/docker/daemon.json)" || return 0
  say "The container engine pulls images by a proxy of its own, and no setting of it names one. Once this is installed, type: sudo mkdir -p $drop_ins; sed 1d /etc/systemd/system/$SERVICE.service.d/proxy.conf | sudo tee $drop_ins/http-proxy.conf; sudo systemctl daemon-reload; sudo systemctl restart docker"
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --help) usage && exit 0 ;;
      --dry-run) DRY_RUN=yes ;;
      --restart) RESTART=yes ;;
      --secrets)
        [ $# -gt 1 ] || wrong_usage '--secrets needs a file'
        SECRETS=$2 && shift
        ;;
      --root)
        [ -d "${2:-}" ] || wrong_usage '--root needs a folder that is there'
        ROOT=$(cd -P -- "$2" && pwd -P) && shift
        ROOT=${ROOT%/}
        ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
  [ -n "$ROOT" ] || RESTART=yes
  SECONDS_UP=${INSTALL_WAIT:-15}
  case $SECONDS_UP in *[!0-9]* | 0?*) wrong_usage "INSTALL_WAIT is '$SECONDS_UP', expected whole seconds, such as 15" ;; esac
  [ -z "$DRY_RUN" ] || [ -n "$ROOT" ] || [ "$ME" = 0 ] || say_without_root
  [ -n "$ROOT$DRY_RUN" ] || [ "$ME" = 0 ] || {
    complain 'needs root. Type: sudo sh install.sh'
    exit 1
  }
}

wrong_usage() {
  complain "$1"
  usage >&2
  exit 2
}

say() { printf '%s\n' "$*"; }
complain() { printf 'install.sh: %s\n' "$*" >&2; }
refuse() {
  count_fault
  complain "$*"
}
count_fault() { FAULTS=$((FAULTS + 1)); }

# --- Reads what the device has; changes nothing ---

# A test holds that these are all but two that every shell has itself too: pwd and test.
check_programs() {
  need coreutils cat chmod chown cp date dirname env id ln mkdir mkfifo mv paste readlink rm rmdir sort stat sync tr uname
  need diffutils cmp
  need gawk awk
  need grep grep
  need openssl openssl
  need sed sed
  [ -z "$MODULE" ] || need coreutils od
  if [ -n "$RESTART" ]; then
    need coreutils sleep
    need systemd systemctl
    need "$PACKAGE" iotedge
  fi
}

need() { # PACKAGE PROGRAM...
  package=$1 missing=''
  shift
  for program in "$@"; do command -v "$program" >/dev/null || missing="$missing $program"; done
  [ -z "$missing" ] || refuse "not found on this machine:$missing. $(how_to_get "$package")"
}

# Where the mark is too.
find_configuration() {
  CONFIG_NAME=${CONFIG##*/}
  folder=$(inside "${CONFIG%/*}") || count_fault
  find_config
  MARK=$CONFIG.installing
}

find_runtime() {
  check_generation
  [ "$FAULTS" = 0 ] || return
  if ! find_users || [ ! -d "$folder" ]; then
    refuse "$(not_installed)"
    return
  fi
  [ -z "$RESTART" ] || check_version
}

# The configuration may be a link to another partition.
find_config() {
  if ! file=$(inside "$CONFIG"); then
    count_fault
  elif [ "$file" != "$folder/$CONFIG_NAME" ] && [ ! -d "${file%/*}" ]; then
    refuse "$ROOT$CONFIG is a link to $file, whose folder is missing. Mount or make it, or remove the link."
  elif [ -n "$(there "$file")" ] && [ ! -f "$file" ]; then
    refuse "$ROOT$CONFIG is a link to $file, expected one to a file. Remove the link."
  fi
  CONFIG=$file
}
