#!/bin/sh
# Installs this bundle on its Azure IoT Edge device: sudo sh install.sh
#
# It checks everything before it changes anything. Then it places the configuration (with the host name, and the secrets from the
# environment), the certificate and the proxy's drop-ins, each by one rename, and restarts the runtime. If that fails or
# the script is stopped, the old files come back. After a success they stay as <file>.before-install. After a power cut,
# the next run puts the old files back.
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
usage: sudo sh install.sh [--dry-run] [--root DIR [--restart]]

Installs the bundle of the device $DEVICE (IoT Edge $RUNTIME).

  --dry-run   check everything, say what would be done, change nothing
  --root DIR  DIR is the device's file system, such as an image that is being built; nothing is restarted
  --restart   with --root: restart all the same, by the systemctl and iotedge on PATH
  --help      this text

INSTALL_WAIT: seconds after the restart until the service must be active (5).
Exit: 0 installed, or nothing to do; 1 refused, or failed and put back; 2 wrong usage;
3 installed and running, but "iotedge check" found something to look at.
END
}

main() {
  kind='' file='' text='' mode='' owner='' had='' new='' ready=''
  ROOT='' DRY_RUN='' RESTART='' FAULTS=0 COUNT=0 RELOAD='' RESUMED='' CHILD='' STATE=checking
  read_options "$@"
  check_programs
  [ "$FAULTS" -gt 0 ] || find_runtime
  [ "$FAULTS" -gt 0 ] || check_material
  [ "$FAULTS" -gt 0 ] || plan
  [ "$FAULTS" -gt 0 ] || check_places
  if [ "$FAULTS" -gt 0 ]; then
    complain 'Nothing was changed.'
    exit 1
  fi
  [ -z "$PROXY" ] || hint_engine
  if [ "$COUNT" = 0 ] && [ ! -e "$MARK" ]; then
    say "$DEVICE is installed already, nothing to do."
    exit 0
  fi
  if [ -n "$DRY_RUN" ]; then
    [ ! -s "$MARK" ] || say "would put back the files of before a run that was cut off, then place the new ones again"
    each describe 'would '
    [ -z "$RESTART" ] || say "would restart $SERVICE"
    exit 0
  fi
  install_bundle
}

# The engine pulls all images, also the agent's, and does not use the runtime's proxy. Its settings are not in the bundle.
hint_engine() {
  drop_ins=/etc/systemd/system/docker.service.d
  ! grep -qsi prox "$ROOT$drop_ins"/*.conf "$ROOT/etc/docker/daemon.json" || return 0
  say "The container engine pulls images by a proxy of its own, and no setting of it names one. Once this is installed, type: sudo mkdir -p $drop_ins; sed 1d /etc/systemd/system/$SERVICE.service.d/proxy.conf | sudo tee $drop_ins/http-proxy.conf; sudo systemctl daemon-reload; sudo systemctl restart docker"
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --help) usage && exit 0 ;;
      --dry-run) DRY_RUN=yes ;;
      --restart) RESTART=yes ;;
      --root)
        [ -d "${2:-}" ] || wrong_usage '--root needs a folder that is there'
        ROOT=$(cd -- "$2" && pwd) && shift
        ROOT=${ROOT%/}
        ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
  [ -n "$ROOT" ] || RESTART=yes
  [ -z "$DRY_RUN" ] || [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || say_without_root
  [ -n "$ROOT$DRY_RUN" ] || [ "$(id -u)" = 0 ] || {
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
  FAULTS=$((FAULTS + 1))
  complain "$*"
}

# --- Reads what the device has; changes nothing ---

check_programs() {
  for program in openssl:openssl awk:gawk sed:sed grep:grep cmp:diffutils stat:coreutils mktemp:coreutils readlink:coreutils sync:coreutils; do need "$program"; done
  [ -z "$RESTART" ] || for program in systemctl:systemd iotedge:"$PACKAGE"; do need "$program"; done
}

need() { # PROGRAM:PACKAGE
  command -v "${1%%:*}" >/dev/null || refuse "the program ${1%%:*} is missing. $(how_to_get "${1#*:}")"
}

find_runtime() {
  CONFIG_NAME=${CONFIG##*/} CONFIG=$ROOT$CONFIG
  if ! find_users || [ ! -d "${CONFIG%/*}" ]; then refuse "$(not_installed)"; fi
  [ ! -L "$CONFIG" ] || follow_link
  MARK=$CONFIG.installing
}

# The configuration may be a link to another partition. Absolute links of an image start at the image's root.
follow_link() {
  file=$CONFIG hops=0
  while [ -L "$file" ] && [ "$hops" -lt 40 ]; do
    hops=$((hops + 1)) target=$(readlink -- "$file")
    case $target in /*) file=$ROOT$target ;; *) file=${file%/*}/$target ;; esac
  done
  top=$(cd -P -- "$ROOT/" && pwd) top=${top%/}
  if ! within=$(cd -P -- "${file%/*}/" 2>/dev/null && pwd); then
    refuse "$CONFIG is a link to $file, whose folder is missing. Mount or make it, or remove the link."
    return
  fi
  case $within/ in
    "$top"/*) file=$ROOT${within#"$top"}/${file##*/} ;;
    *) refuse "$CONFIG is a link to $file, which is outside of $ROOT. Make it a link within, or a file." ;;
  esac
  [ -z "$(there "$file")" ] || { [ -f "$file" ] && [ ! -L "$file" ]; } ||
    refuse "$CONFIG is a link to $file, expected one to a file. Remove the link."
  CONFIG=$file
}
