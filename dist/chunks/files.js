require("./rolldown-runtime.js");const e=require("./device.js"),t=require("./hostname.js"),n=require("./own-name.js"),r=require("./core.js"),i=require("./yaml.js");let a=require("node:crypto");function o(e){let{device:t,version:n,hostname:i=``,nameLine:a,proxy:o,secrets:f,sha256:h,module:g}=e,_=n.major<1||n.major===1&&n.minor<2;return`#!/bin/sh
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
  case \${KSH_VERSION-} in *MIRBSD* | *'LEGACY KSH'*)
    complain 'mksh cannot run this script, expected dash, busybox, bash, zsh, yash or ksh93. Type: sudo bash install.sh'
    exit 2
    ;;
  esac
  take_secrets
  ME=$(id -u)
  SECRETS='' ROOT='' DRY_RUN='' RESTART='' FAULTS=0 COUNT=0 RELOAD='' RAN='' SAME='' UNSURE=''
  STATE=checking DUE='' STOPPED='' ENDING='' SIGNALLED='' CLAIM='' PIPED='' WAITED=\${!:-} END_OF_OUTPUT=$(printf '\\004')
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
    complain "another install.sh is at work here: process \${other%%.*}. What is said here may be different when it has ended."
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
        [ -d "\${2:-}" ] || wrong_usage '--root needs a folder that is there'
        ROOT=$(cd -P -- "$2" && pwd -P) && shift
        ROOT=\${ROOT%/}
        ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
  [ -n "$ROOT" ] || RESTART=yes
  SECONDS_UP=\${INSTALL_WAIT:-15}
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

say() { printf '%s\\n' "$*"; }
complain() { printf 'install.sh: %s\\n' "$*" >&2; }
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
  CONFIG_NAME=\${CONFIG##*/}
  folder=$(inside "\${CONFIG%/*}") || count_fault
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
  elif [ "$file" != "$folder/$CONFIG_NAME" ] && [ ! -d "\${file%/*}" ]; then
    refuse "$ROOT$CONFIG is a link to $file, whose folder is missing. Mount or make it, or remove the link."
  elif [ -n "$(there "$file")" ] && [ ! -f "$file" ]; then
    refuse "$ROOT$CONFIG is a link to $file, expected one to a file. Remove the link."
  fi
  CONFIG=$file
}


# --- Secrets: from the environment, a file or the terminal, into variables that no other program gets ---

# Each program inherits the environment, also one that runs for another user. Not even "sh -x" or "sh -a" gives a secret away.
take_secrets() {
  hush
  set +a
  unset line
  for name in $SECRET_NAMES; do
    eval "set -- \\"\\\${$name-}\\""
    unset "$name"
    eval "$name=\\$1"
  done
  set -- ''
  unhush
}

hush() {
  TRACED=''
  case $- in *x*) TRACED=yes ;; esac
  set +x
}

unhush() {
  line=''
  [ -z "$TRACED" ] || set -x
}

# Neither an argument nor the environment: older versions of sudo-rs (Debian 13) and sudo before 1.8.21 pass on no variable by its name.
read_secrets() { # FILE
  if [ ! -f "$1" ] || [ -L "$1" ]; then
    refuse "the file of secrets $1 is missing, or is a link or no plain file. $(how_to_write "$1")"
  elif ! is_mine "$1"; then
    refuse "the file of secrets $1 belongs to another user ($(stat -c %u -- "$1")), who can change it, expected root. $(how_to_write "$1")"
  elif [ $((0$(stat -c %a -- "$1") & 077)) != 0 ]; then
    refuse "the file of secrets $1 is open to other users (mode $(stat -c %a -- "$1")), expected 600. They may have read it: change the secrets too. Type: sudo chmod 600 $(quoted "$1")"
  elif [ ! -r "$1" ]; then
    refuse "the file of secrets $1 cannot be read. Type: sudo sh install.sh --secrets $(quoted "$1")"
  else
    hush
    FILE=$1
    read_lines <"$1"
    unhush
  fi
}

is_mine() { case $(stat -c %u -- "$1") in 0 | "$ME") ;; *) false ;; esac } # FILE

how_to_write() { # FILE
  say "Type: sudo install -m 600 /dev/null $(quoted "$1"); and write into it a line NAME=value for each of: $(secret_list)"
}

secret_list() { say "$SECRET_NAMES" | sort -u | paste -s -d , -; }

# A value is taken as it is, with quotes and spaces. What a line holds is not shown: it may be a secret.
read_lines() { # of FILE
  number=0 given=''
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1)) name=\${line%%=*}
    case $line in
      '') continue ;;
      *=*) ;;
      *)
        refuse "line $number of $FILE is not NAME=value, expected one line for each of: $(secret_list)"
        continue
        ;;
    esac
    if ! is_among "$name" "$SECRET_NAMES"; then
      refuse "line $number of $FILE has a name that this bundle does not know, expected one of: $(secret_list)"
    elif is_among "$name" "$given"; then
      refuse "line $number of $FILE gives $name a second time. Remove one of the two."
    elif [ "$line" = "$name=" ]; then
      refuse "line $number of $FILE gives $name no value."
    else
      eval "$name=\\\${line#*=}"
    fi
    given="$given
$name"
  done
}

is_among() { case "
$2
" in *"
$1
"*) [ -n "$1" ] ;; *) false ;; esac } # NAME LIST

# What is still missing is asked for at a terminal. It is not shown there, and the terminal is put back whatever ends this.
ask_secrets() {
  missing=''
  for name in $(say "$SECRET_NAMES" | sort -u); do
    [ "$(form_of "$name")" != missing ] || missing="$missing $name"
  done
  { [ -n "$missing" ] && [ -t 0 ] && TERMINAL=$(stty -g 2>/dev/null); } || return 0
  trap 'stty "$TERMINAL"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 143' TERM
  stty -echo
  hush
  for name in $missing; do
    printf '%s (is not shown): ' "$name" >&2
    IFS= read -r line || line=''
    eval "$name=\\$line"
    echo >&2
  done
  unhush
  stty "$TERMINAL"
  trap - EXIT HUP INT QUIT TERM
}

check_secrets() {
  for name in $(say "$SECRET_NAMES" | sort -u); do
    case $(form_of "$name") in
      missing) refuse "the secret $name is not set. $(how_to_give)" ;;
      broken) refuse "the secret $name holds a line break (CR, as Windows writes it, too) or another control character, expected one line of text. Set it again." ;;
    esac
  done
  [ "$FAULTS" -gt 0 ] || config_text >/dev/null ||
    refuse "$BUNDLED has not all the lines that take a secret or the host name, expected the one rendered with this script. Get the bundle again."
}

how_to_give() {
  say "Type, at a terminal: sudo sh install.sh; it asks for the secret. Or: sudo sh install.sh --secrets FILE; FILE has the line $name=value and only root may read it (sudo install -m 600 /dev/null FILE). Or set the variable $name, and type: sudo --preserve-env=$(secret_list) sh install.sh"
}

form_of() ( # SECRET
  set +x
  eval "set -- \\"\\\${$1-}\\""
  case $1 in
    '') say missing ;;
    *[[:cntrl:]]*) say broken ;;
  esac
)

# --- The texts of the files ---

# The bundle's configuration with the host name and the secrets. awk gets them by its environment, since everyone can read a
# command line; no other program gets them.
config_text() (
  if [ -z "$SECRET_NAMES$NAME_LINE" ]; then exec cat -- "$BUNDLED"; fi
  export_secrets
  TEXTS=$SECRET_LINES MARKS=$SECRET_PLACEHOLDERS LINE=$NAME_LINE LINE_TEXT=$NAME_TEXT awk "$ENCODED"'
    BEGIN {
      count = split(ENVIRON["NAMES"], name, "\\n"); split(ENVIRON["TEXTS"], line, "\\n")
      split(ENVIRON["MARKS"], mark, "\\n"); split(ENVIRON["ENCODINGS"], encoding, "\\n")
      if (ENVIRON["LINE"] != "") missing[ENVIRON["LINE"] ""]
      for (i = 1; i <= count; i++) { missing[line[i] ""]; value[i] = encoded(ENVIRON[name[i]], encoding[i]) }
    }
    { whole = $0 ""; delete missing[whole] }
    whole != "" && whole == ENVIRON["LINE"] "" { if (ENVIRON["LINE_TEXT"] != "") print ENVIRON["LINE_TEXT"]; next }
    { print filled(whole) }
    END { for (i in missing) exit 1 }
    function filled(rest,   out, at, i, p, first) {
      for (;;) {
        at = 0
        for (i = 1; i <= count; i++) {
          if (line[i] "" != whole || !(p = index(rest, mark[i])) || (at && p >= at)) continue
          at = p; first = i
        }
        if (!at) return out rest
        out = out substr(rest, 1, at - 1) value[first]
        rest = substr(rest, at + length(mark[first]))
      }
    }' <"$BUNDLED"
)

# For awk, in a subshell.
export_secrets() {
  # shellcheck disable=SC2163 # it has a name
  for name in $SECRET_NAMES; do export "$name"; done
  export NAMES="$SECRET_NAMES" ENCODINGS="$SECRET_ENCODINGS"
}

ENCODED='
  BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
  function encoded(text, form,   out, c, i) {
    for (i = 1; i <= length(text); i++) {
      c = substr(text, i, 1)
      if (form == "uri" && c !~ /[A-Za-z0-9._~-]/) c = sprintf("%%%02X", code[c])
      if (form == "text" && (c == "\\\\" || c == "\\"")) c = "\\\\" c
      out = out c
    }
    return out
  }'

# Copies text, with *** for each secret, as it is or as the configuration has it, and for the PIN of a key's URI. A daemon may log
# what it read.
without_secrets() (
  export_secrets
  awk "$ENCODED"'
    BEGIN {
      count = split(ENVIRON["NAMES"], name, "\\n"); split(ENVIRON["ENCODINGS"], encoding, "\\n")
      for (i = 1; i <= count; i++) {
        value = ENVIRON[name[i]]
        if (value != "") { known[value]; known[encoded(value, encoding[i])] }
      }
    }
    { print masked($0) }
    function masked(rest,   out, at, size, text, p) {
      for (;;) {
        at = 0
        for (text in known)
          if ((p = index(rest, text)) && (!at || p < at || (p == at && length(text) > size))) { at = p; size = length(text) }
        if (!at) return out rest
        out = out substr(rest, 1, at - 1) "***"
        rest = substr(rest, at + size)
      }
    }' | sed 's/pin-value=[^;&"[:space:]]*/pin-value=***/g'
)
certificate_text() { cat -- "$certificate"; }
proxy_text() { printf %s "$PROXY"; }

# --- The host name: the manifest's, else the one that the device has, else the machine's own ---

EDGE_LABEL=net.azure-devices.edge.owner=Microsoft.Azure.Devices.Edge.Agent

# Sets $MACHINE, the machine's name; $HAS, the name that the device was set up with; $NAME, the one that it gets; and $NAME_TEXT,
# the line that says so in the configuration. From 1.2 on there is no line for the machine's own name: the runtime takes it by itself.
find_host_name() {
  MACHINE=$(machine_name) HAS='' NAME=$HOST_NAME NAME_TEXT='' UNSURE=''
  SET_UP=$CONFIG set_up_in=yaml
  if [ "$FORM" = toml ]; then
    SET_UP=$(inside /etc/aziot/identityd/config.d/00-super.toml) || count_fault
    set_up_in=toml
    # "iotedge config import" too keeps the name of a device that comes from 1.1.
    if [ ! -e "$SET_UP" ]; then
      SET_UP=$(inside /etc/iotedge/config.yaml) || count_fault
      set_up_in=yaml
    fi
  fi
  if [ ! -e "$SET_UP" ]; then
    : # a new device
  elif [ ! -f "$SET_UP" ]; then
    refuse "$SET_UP is no plain file, expected the configuration of the device. Look at it (ls -l), and remove it."
    return
  elif HAS=$(name_in "$SET_UP" "$set_up_in"); then
    [ -z "$HOST_NAME" ] || check_renaming
  elif [ -z "$HOST_NAME" ]; then
    refuse "the host name of $DEVICE in $SET_UP cannot be read from it, expected the name in quotes on one line. It must stay what it is: write it into the manifest (config.hostname of $DEVICE), and get the bundle again."
    return
  fi
  [ -z "$NAME_LINE" ] || fill_in_name
}

fill_in_name() {
  NAME=\${HAS:-$MACHINE}
  if [ "$FORM" = toml ] && [ "$NAME" = "$MACHINE" ]; then
    return
  elif [ -z "$NAME" ]; then
    refuse "the image has no host name, and IoT Edge $RUNTIME needs one. Write it into $ROOT/etc/hostname; or write it into the manifest (config.hostname of $DEVICE), and get the bundle again."
    return
  fi
  case $NAME in *[[:cntrl:]]*) refuse "the host name of this machine holds a control character. Type: sudo hostnamectl set-hostname NAME" && return ;; esac
  NAME_TEXT=$NAME_BEFORE$(escaped "$NAME")$NAME_AFTER
}

escaped() { printf %s "$1" | sed 's/[\\\\"]/\\\\&/g'; }

# An image has the name of its own file, as systemd reads it: hostname(5). "?" stands for what is known only at the first start.
machine_name() {
  if [ -z "$ROOT" ]; then
    uname -n
  elif file=$(inside /etc/hostname) && [ -f "$file" ]; then
    awk '/^[ \\t\\r]*(#|$)/ { next } { gsub(/^[ \\t]+|[ \\t\\r]+$/, ""); if (!index($0, "?")) print; exit }' "$file"
  fi
}

# The name in the file that the runtime or this script wrote, or nothing if it has none. Fails if it could be there in another form.
# A writer of TOML takes single quotes for a text with double ones.
name_in() { # FILE toml|yaml
  FORM=$2 awk '
    NR == 1 { sub(/^\\357\\273\\277/, "") }
    { sub(/\\r$/, "") }
    toml() && /^[ \\t]*\\[/ { exit }
    /^hostname[ \\t]*[:=]/ && !/^hostname:[^ \\t]/ { count++; name = value(substr($0, match($0, /[:=]/) + 1)); next }
    /^[^#]*hostname[^#A-Za-z0-9_]*[:=]/ && !/^[^#]*[A-Za-z0-9_.-]hostname/ { elsewhere = 1 }
    END {
      if (count > 1 || odd || (!count && elsewhere)) exit 1
      if (name != "" && (toml() || name !~ /^[ \\t]*<.*>[ \\t]*$/)) print name
    }
    function toml() { return ENVIRON["FORM"] == "toml" }
    function value(rest,   mark, c, out) {
      sub(/^[ \\t]+/, "", rest)
      mark = substr(rest, 1, 1)
      if (mark != "\\"" && mark != "\\047") return plain(rest)
      for (rest = substr(rest, 2); rest != ""; rest = substr(rest, 2)) {
        c = substr(rest, 1, 1)
        if (c == mark && !(mark == "\\047" && !toml() && substr(rest, 2, 1) == mark)) return ended(substr(rest, 2), out)
        if (c == mark || (c == "\\\\" && mark == "\\"")) {
          rest = substr(rest, 2)
          c = substr(rest, 1, 1)
          if (c != "\\\\" && c != mark) break
        }
        if (c ~ /[\\001-\\037\\177]/) break
        out = out c
      }
      odd = 1
    }
    function plain(rest) {
      sub(/([ \\t]+#.*|[ \\t]+)$/, "", rest)
      if (rest ~ /^#/) rest = ""
      if (rest == "" && !toml()) return ""
      if (toml() || rest !~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/ || tolower(rest) ~ /^(null|true|false|yes|no|on|off|y|n|0[xo].*|[0-9]+\\.?[0-9]*(e[0-9+-]*)?)$/) odd = 1
      return rest
    }
    function ended(rest, name) {
      if (rest !~ /^([ \\t]+#.*|[ \\t]*)$/) odd = 1
      return name
    }' "$1"
}

# From 1.3 on "iotedge config apply" refuses another name while containers of IoT Edge exist.
check_renaming() {
  { [ "$RENAMING_REFUSED$RESTART$set_up_in" = yesyestoml ] && [ -n "$HAS" ] && [ "$HAS" != "$HOST_NAME" ]; } || return 0
  if ! ask docker ps -aq -f "label=$EDGE_LABEL" 2>/dev/null; then
    UNSURE=yes
    complain "docker cannot be asked whether IoT Edge has containers. If it has, this ends with the old files: $(renaming)"
  elif [ -n "$ANSWER" ]; then
    refuse "$(renaming)"
  fi
}

renaming() {
  keep=$(escaped "$HAS")
  [ "$HAS" != "$DEVICE" ] || keep='{id}'
  say "the configuration calls $DEVICE '$HOST_NAME', and it was set up as '$HAS' ($SET_UP). IoT Edge $RUNTIME refuses another name while its containers exist. To keep the name, write into the manifest, in config of $DEVICE: hostname: \\"$keep\\"; and get the bundle again. To change it, remove the containers. WARNING: all modules and their data are lost. Type, one directly after the other: sudo iotedge system stop; sudo docker rm -f \\$(sudo docker ps -aq -f label=$EDGE_LABEL); sudo sh install.sh. Do not type 'iotedge config apply', as iotedge itself says: it applies the old file, so that the data is lost and the name stays."
}

# A warning only: the runtime works, and another name may lead to this machine. But "iotedge check" will report an error.
# Its rules: 1.1 compares upper and lower case; later versions do not, and they accept an address.
check_host_name() {
  { [ -n "$NAME" ] && [ -n "$MACHINE" ]; } || return 0
  machine=$MACHINE wanted=$NAME
  if [ "$FORM" = toml ]; then
    [ -z "$HOST_ADDRESS" ] || return 0
    # The name that the device has is looked at less closely than the manifest's.
    [ -n "$HOST_NAME" ] || case $wanted in *:*:*) return ;; *[!0-9.]*) ;; *.*.*.*) return ;; esac
    machine=$(say "$machine" | tr '[:upper:]' '[:lower:]') wanted=$(say "$wanted" | tr '[:upper:]' '[:lower:]')
  fi
  case $wanted in "$machine" | "$machine".*) return ;; esac
  other=''
  [ -z "$HOST_NAME" ] || [ "$HOST_NAME" = "$HAS" ] || other="; or set config.hostname in the manifest to $MACHINE, alone or with its domain, and get the bundle again"
  complain "the configuration calls this machine $NAME and its name is $MACHINE, which iotedge check will call an error. Type: sudo hostnamectl set-hostname $(quoted "$NAME")$other."
}

quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\\\\\''/g")"; }



# --- Kinds of systems: what installs a package here, and what is missing where the runtime is not found ---

# Said first: much of what follows looks like faults and is only what another user may not see.
say_without_root() {
  complain 'this dry run is not run by root. What only root can read is told as missing, and rights are not looked at. For the whole check type: sudo sh install.sh --dry-run'
}

# The manifest tells families of systems apart. Their members have package managers of other names: tdnf is Azure Linux's, and a
# system by ostree takes packages from rpm-ostree alone.
how_to_get() { # PACKAGE
  if [ -e /run/ostree-booted ] && command -v rpm-ostree >/dev/null; then
    say "Type: sudo rpm-ostree install $1; sudo systemctl reboot"
    return
  fi
  manager=\${INSTALL#sudo } manager=\${manager%% *}
  for one in "$manager" apt-get dnf tdnf yum; do
    ! command -v "$one" >/dev/null || { say "Type: sudo $one install $1" && return; }
  done
  say "No package manager is here that this script knows. Add the package $1 to the system's image."
}

not_installed() {
  users="user $CERTIFICATE_USER"
  [ "$KEY_USER" = "$CERTIFICATE_USER" ] || users="users $CERTIFICATE_USER and $KEY_USER"
  usual=/etc/aziot
  [ "$FORM" = toml ] || usual=/etc/iotedge
  expected="IoT Edge $RUNTIME is not installed\${ROOT:+ in $ROOT}: expected the $users and the folder $ROOT$usual."
  if has_snap; then
    # snap/hooks/configure of Azure/iotedge writes config.toml from this setting; the layout in snap/snapcraft.yaml of
    # Azure/iot-identity-service shows the folder to the services as /var/secrets/aziot.
    say "IoT Edge is a snap here (azure-iot-edge), which this script does not serve: it has other users and folders. In the manifest, let identity.certificate and identity.privateKey lie in /var/secrets/aziot. Put both files into $ROOT/var/snap/azure-iot-identity/current/shared/secrets/aziot, and type: sudo snap set azure-iot-edge raw-config=\\"\\$(cat $CONFIG_NAME)\\""
  elif [ -n "$ROOT" ] && [ -d "$ROOT/usr/etc" ] && [ ! -d "$ROOT/etc" ]; then
    say "$ROOT is an ostree that is not deployed: it has no folder etc, and what is in its var does not reach a device that is set up already. Install this bundle on the started device."
  elif made_at_start; then
    say "$expected systemd makes the users at the first start (sysusers.d), and files cannot be given to them before. Type: sudo systemd-sysusers\${ROOT:+ --root=$(quoted "$ROOT")}"
  elif [ -n "$ROOT" ]; then
    say "$expected Install the package $PACKAGE in the image."
  else
    say "$expected $(how_to_get "$PACKAGE")"
  fi
}

has_snap() { [ "$FORM" = toml ] && { [ -d "$ROOT/var/snap/azure-iot-edge" ] || [ -e "$ROOT/snap/azure-iot-edge" ]; }; }

made_at_start() {
  cat -- "$(inside /etc/sysusers.d)"/*.conf "$(inside /usr/local/lib/sysusers.d)"/*.conf "$(inside /usr/lib/sysusers.d)"/*.conf 2>/dev/null |
    awk -v name="$CERTIFICATE_USER" '$1 ~ /^u/ && $2 == name { found = 1 } END { exit !found }'
}


# --- The users of the services: whom files are given to, and what may be asked in their name ---

# Owners and groups as numbers: users of another root have other ids than users of this machine. A system by ostree keeps its own users
# in /usr/lib: nss-altfiles(5).
find_users() {
  PASSWD='' GROUP=$(shown /etc/group /usr/lib/group)
  [ -z "$ROOT" ] || PASSWD=$(shown /etc/passwd /usr/lib/passwd)
  CERTIFICATE_RUN=$(properties_of "$CERTIFICATE_UNIT") KEY_RUN='' CONFIG_RUN=''
  [ "$CONFIG_UNIT" != "$CERTIFICATE_UNIT" ] || CONFIG_RUN=$CERTIFICATE_RUN
  if [ "$KEY_UNIT" = "$CERTIFICATE_UNIT" ]; then KEY_RUN=$CERTIFICATE_RUN; else KEY_RUN=$(properties_of "$KEY_UNIT"); fi
  CERTIFICATE_OWNER=$(owner "$CERTIFICATE_USER" "$CERTIFICATE_RUN") && KEY_OWNER=$(owner "$KEY_USER" "$KEY_RUN") &&
    CONFIG_OWNER=$(owner "$CONFIG_USER" "$CONFIG_RUN") || return 1
  ROOT_OWNER=$(owner root '') || ROOT_OWNER=0:0
  CERTIFICATE_GROUPS=$(groups_of "$CERTIFICATE_USER" "$CERTIFICATE_RUN" "$CERTIFICATE_OWNER")
  CERTIFICATE_MEANS=$(means "$CERTIFICATE_USER" "$CERTIFICATE_OWNER" "$CERTIFICATE_GROUPS")
  if [ "$KEY_UNIT" = "$CERTIFICATE_UNIT" ]; then
    KEY_GROUPS=$CERTIFICATE_GROUPS KEY_MEANS=$CERTIFICATE_MEANS
  else
    KEY_GROUPS=$(groups_of "$KEY_USER" "$KEY_RUN" "$KEY_OWNER")
    KEY_MEANS=$(means "$KEY_USER" "$KEY_OWNER" "$KEY_GROUPS")
  fi
}

shown() { # PATH...: what these files of the device say, as far as they are there
  for path in "$@"; do cat -- "$(inside "$path")" 2>/dev/null; done
}

# Prints "UID:GID". The group is the unit's, where it names one: Debian's package of 1.1 makes the user iotedge in the group nogroup
# ("adduser --system" in edgelet/contrib/debian/preinst), and its unit has Group=iotedge.
owner() { # USER PROPERTIES
  if [ -n "$ROOT" ]; then
    ids=$(say "$PASSWD" | awk -F: -v name="$1" '$1 == name { print $3 ":" $4; exit }')
  else
    ids=$(id -u "$1" 2>/dev/null) && ids=$ids:$(id -g "$1")
  fi
  [ -n "$ids" ] || return 1
  group=$(property "$2" Group)
  [ -z "$group" ] || group=$(group_id "$group")
  say "\${ids%:*}:\${group:-\${ids#*:}}"
}

group_id() { # GROUP: a name or a number
  case $1 in
    *[!0-9]*) say "$GROUP" | awk -F: -v name="$1" '$1 == name { print $3; exit }' ;;
    *) say "$1" ;;
  esac
}

group_name() { # GID
  say "$GROUP" | awk -F: -v id="$1" '$3 == id { print $1; found = 1; exit } END { if (!found) print id }'
}

property() { # PROPERTIES NAME
  [ -z "$1" ] || say "$1" | sed -n "s/^$2=//p"
}

# How a unit is run, in lines NAME=VALUE, as "systemctl show" prints them. An image has no systemd that runs: there the unit is read, and
# its drop-ins after it.
properties_of() { # UNIT
  if [ -z "$ROOT" ]; then
    systemctl show -p Group -p SupplementaryGroups -p Environment -p EnvironmentFiles "$1.service" 2>/dev/null
    return
  fi
  for folder in /etc /usr/local/lib /usr/lib /lib; do
    unit=$(inside "$folder/systemd/system/$1.service") && [ -f "$unit" ] && break
  done
  cat -- "$unit" "$(inside "/usr/lib/systemd/system/$1.service.d")"/*.conf "$(inside "/etc/systemd/system/$1.service.d")"/*.conf \\
    2>/dev/null | awk '
    /^[ \\t]*\\[/ { here = /^[ \\t]*\\[Service\\]/ }
    here && match($0, /^[ \\t]*(Group|SupplementaryGroups)[ \\t]*=/) {
      name = substr($0, 1, RLENGTH - 1); gsub(/[ \\t]/, "", name)
      text = substr($0, RLENGTH + 1); gsub(/^[ \\t]+|[ \\t\\r]+$/, "", text)
      value[name] = (text == "" || name == "Group") ? text : value[name] " " text
    }
    END { for (name in value) print name "=" value[name] }'
}

# All groups that a service is in: initgroups(User, Group) and SupplementaryGroups, as in systemd.exec(5). The group that the user
# has in passwd does not count where the unit has another one.
groups_of() { # USER PROPERTIES OWNER
  say "\${3#*:}"
  if [ -n "$ROOT" ] || [ -n "$(property "$2" Group)" ]; then
    say "$GROUP" | awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }'
  else
    for more in $(id -G "$1"); do say "$more"; done
  fi
  for more in $(property "$2" SupplementaryGroups); do group_id "$more"; done
}

# Which program can run others with the rights of a service. setpriv takes the very ids and groups. runuser takes the first group; su,
# which busybox has, takes only what passwd says. An image's users are no users of this machine: of the three, setpriv alone knows numbers.
means() { # USER OWNER GROUPS
  [ "$ME" = 0 ] || return 0
  for tool in setpriv runuser su; do
    [ "$tool" = setpriv ] || [ -z "$ROOT" ] || return 0
    [ "$tool" != su ] || [ "$(id -g "$1")" = "\${2#*:}" ] || return 0
    ! (become "$tool" "$1" "$2" "$3" test -d /) >/dev/null 2>&1 || { say "$tool" && return; }
  done
}

# To be called in a subshell: it changes names.
become() { # TOOL USER OWNER GROUPS COMMAND ARGUMENT...
  tool=$1 user=$2 ids=$3 list='' words=''
  for group in $4; do case $list, in *",$group,"*) ;; *) list=$list,$group ;; esac; done
  shift 4
  case $tool in
    setpriv) set -- --reuid "\${ids%:*}" --regid "\${ids#*:}" --groups "\${list#,}" -- "$@" ;;
    runuser) set -- -u "$user" -g "$(group_name "\${ids#*:}")" -- "$@" ;;
    su)
      for word in "$@"; do words="$words $(quoted "$word")"; done
      set -- -s /bin/sh "$user" -c "$words"
      ;;
  esac
  run_clean "$tool" "$@"
}

# In an environment without the secrets. $WITH has words of the environment of a unit.
run_clean() {
  set -f
  # shellcheck disable=SC2086 # they are words
  env -i PATH="$PATH" LC_ALL=C \${WITH-} "$@" </dev/null
}

of_service() { # USER: its $ids, $groups and $means
  case $1 in
    "$KEY_USER") ids=$KEY_OWNER groups=$KEY_GROUPS means=$KEY_MEANS ;;
    *) ids=$CERTIFICATE_OWNER groups=$CERTIFICATE_GROUPS means=$CERTIFICATE_MEANS ;;
  esac
}

# Fails with 126 where nothing can be asked in the name of a service.
as_service() ( # USER COMMAND ARGUMENT...
  of_service "$1"
  [ -n "$means" ] || exit 126
  user=$1
  shift
  become "$means" "$user" "$ids" "$groups" "$@"
)


# --- Checks the bundle and what the device has; changes nothing ---

check_material() {
  HERE=$(cd -- "$(dirname -- "$0")" && pwd)
  BUNDLED=$HERE/$CONFIG_NAME
  find_places || return
  [ -r "$BUNDLED" ] || refuse "$BUNDLED cannot be read, expected the device's configuration beside this script. Copy the whole bundle here."
  as_rendered "$BUNDLED" "$CONFIG_SHA256"
  [ -z "$CARRIED" ] || as_rendered "$certificate" "$CARRIED_SHA256"
  [ "$FAULTS" = 0 ] || return
  check_certificate
  [ -z "$PRIVATE_KEY_PATH" ] || check_key "$key" "$certificate" "$HAZARD"
  [ -z "$CARRIED" ] || check_target
  check_others
  check_ways
  [ "$FAULTS" -gt 0 ] || check_module
  find_host_name
  check_secrets
  [ -z "$RESTART" ] || check_host_name
}

# The certificate of the bundle replaces a link. All else is used where links lead to.
find_places() {
  before=$FAULTS
  if [ -n "$CARRIED" ]; then
    placed=$(inside_but_name "$CERTIFICATE_PATH") || count_fault
    certificate=$HERE/$CARRIED
  else
    placed=$(inside "$CERTIFICATE_PATH") || count_fault
    certificate=$placed
  fi
  key=$(inside "$PRIVATE_KEY_PATH") || count_fault
  edge_ca=$(inside "$EDGE_CA_CERTIFICATE") || count_fault
  edge_ca_key=$(inside "$EDGE_CA_KEY") || count_fault
  trust_bundle=$(inside "$TRUST_BUNDLE") || count_fault
  [ "$FAULTS" = "$before" ]
}

as_rendered() { # FILE SHA-256: a missing file is reported where it is needed
  [ -f "$1" ] && [ -r "$1" ] || return 0
  is=$(openssl dgst -sha256 <"$1" | sed 's/.*= *//')
  [ "$is" = "$2" ] || refuse "$1 is not as it was rendered for $DEVICE: its SHA-256 is $is, expected $2. Get the bundle again."
}


# --- Checks the certificates and keys in files ---

# The public keys of all certificates that were checked, one below the other.
KNOWN_KEYS=''

check_certificate() {
  read_certificate "the certificate $certificate" "the one of $DEVICE. Copy it there.$HAZARD" "$certificate" || return
  check_curve "$certificate"
  # One name per line. Names in one RDN are separated by " + "; a plus in a name is "\\+".
  cn=$(openssl x509 -in "$certificate" -noout -subject -nameopt sep_multiline,sname,utf8,esc_ctrl,esc_2253 |
    sed 's/ + /\\
/g' | sed -n 's/^ *CN=//p' | sed 's/\\\\\\([^0-9A-Fa-f]\\)/\\1/g')
  [ "$cn" = "$DEVICE" ] || refuse "$certificate is of CN '$cn', expected '$DEVICE'. Use the certificate of this device."
  sha1=$(thumbprint sha1) sha256=$(thumbprint sha256)
  case " $(printf %s "$THUMBPRINTS" | tr a-f A-F) " in
    *" $sha1 "* | *" $sha256 "*) ;;
    *) refuse "$certificate has the thumbprint $sha256 (SHA-1 $sha1), which the hub would refuse; registered are $THUMBPRINTS. Use a registered certificate, or register this one and get the bundle again." ;;
  esac
  check_dates "$certificate"
}

# If the manifest names a wrong place, such as /etc/passwd, that file must not be replaced.
check_target() {
  [ ! -f "$placed" ] || openssl x509 -inform PEM -in "$placed" -noout 2>/dev/null ||
    refuse "$placed is there and no certificate in PEM form, and would be replaced by one. Move it away, or give the certificate another place (identity.certificate in the manifest)."
}

read_certificate() { # WHAT EXPECTED FILE: its public key into $public
  public=''
  if [ ! -f "$3" ] || [ ! -r "$3" ]; then
    refuse "$1 is missing or cannot be read, expected $2"
    return 1
  fi
  public=$(openssl x509 -inform PEM -in "$3" -noout -pubkey 2>/dev/null) || {
    refuse "$3 is no certificate in PEM form. Convert it: openssl x509 -inform DER -in FILE -out FILE.pem. Expected is $2"
    return 1
  }
  KNOWN_KEYS="$KNOWN_KEYS$public
"
  certificates=$(certificates_in "$3") || {
    refuse "$3 begins with a certificate, and is not PEM to its end: a certificate of it is cut off or damaged. The runtime reads all or nothing. Expected is $2"
    return 1
  }
}

# For each certificate of FILE one line: from, to (YYYYMMDDhhmmss), CA or no, the greatest number of CAs below it or -, subject.
# The runtime reads a file by openssl's own reader, which fails at a broken certificate behind a good one: X509::stack_from_pem in
# cert/aziot-certd/src/lib.rs of Azure/iot-identity-service. "openssl x509" looks at the first alone.
certificates_in() { # FILE
  case $(sed -n '$p' "$1") in -----BEGIN*) return 1 ;; esac
  openssl crl2pkcs7 -nocrl -certfile "$1" 2>/dev/null | openssl pkcs7 -print_certs -text -noout 2>/dev/null | awk '
    function moment(text,   t) {
      sub(/^[^:]*: */, "", text); split(text, t, / +/); gsub(/:/, "", t[3])
      return sprintf("%04d%02d%02d%s", t[4], (index("JanFebMarAprMayJunJulAugSepOctNovDec", t[1]) + 2) / 3, t[2], t[3])
    }
    function told() { if (count) print from, to, ca, below, subject }
    /^Certificate:/ { told(); count++; from = to = subject = ""; ca = "no"; below = "-"; constraints = 0 }
    /^ +Not Before: / { from = moment($0) }
    /^ +Not After *: / { to = moment($0) }
    /^        Subject: / { subject = $0; sub(/^ *Subject: */, "", subject) }
    constraints { if (/CA:TRUE/) ca = "CA"; if (match($0, /pathlen:[0-9]+/)) below = substr($0, RSTART + 8, RLENGTH - 8); constraints = 0 }
    /^ +X509v3 Basic Constraints:/ { constraints = 1 }
    END { told(); exit !count }'
}

# The keys service of 1.2 and later answers "key curve not recognized" to all curves but one, for keys in files and in modules.
check_curve() { # CERTIFICATE: $public is its key
  [ "$FORM" = toml ] || return 0
  curve=$(say "$public" | openssl pkey -pubin -noout -text 2>/dev/null | sed -n 's/^ *ASN1 OID: *//p')
  if [ -n "$curve" ] && [ "$curve" != prime256v1 ]; then
    refuse "$1 has an EC key ($curve), which IoT Edge $RUNTIME cannot use, expected prime256v1 (P-256) or RSA. Type: openssl ecparam -name prime256v1 -genkey -noout -out NEW_KEY, and have a certificate issued for it."
  fi
}

check_dates() { # FILE
  openssl x509 -in "$1" -noout -checkend 0 >/dev/null ||
    refuse "$1 is expired ($(openssl x509 -in "$1" -noout -enddate); the clock here says $(date -u)). Renew it, or set the clock."
  from=$(openssl x509 -in "$1" -noout -startdate |
    awk '{ split($0, t, /[= ]+/); gsub(/:/, "", t[4]); printf "%04d%02d%02d%s", t[5], (index("JanFebMarAprMayJunJulAugSepOctNovDec", t[2]) + 2) / 3, t[3], t[4] }')
  [ "$from" -le "$(date -u +%Y%m%d%H%M%S)" ] ||
    refuse "$1 is not valid yet ($(openssl x509 -in "$1" -noout -startdate); the clock here says $(date -u)). Wait, or set the clock."
}

thumbprint() { # ALGORITHM
  openssl x509 -in "$certificate" -noout -fingerprint "-$1" | sed 's/.*=//; s/://g'
}

check_key() { # KEY CERTIFICATE HAZARD: $public is the certificate's
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then
    refuse "the private key $1 is missing or cannot be read, expected the key of the certificate $2. Put it there.$3"
  elif grep -q ENCRYPTED "$1"; then
    refuse "the private key $1 has a passphrase, which IoT Edge cannot type. Take it off: openssl pkey -in KEY -out NEW_KEY"
  elif ! of_key=$(openssl pkey -inform PEM -in "$1" -passin pass: -pubout 2>/dev/null </dev/null); then
    refuse "$1 is no private key in PEM form. Convert it: openssl pkey -in KEY -out NEW_KEY"
  elif [ -n "$public" ] && [ "$public" != "$of_key" ]; then
    refuse "the private key $1 does not belong to $2. Put the certificate's own key there.$3"
  fi
}

# The edge CA and the trust bundle are on the device; the bundle has only their paths.
check_others() {
  if [ -n "$EDGE_CA_CERTIFICATE" ] &&
    read_certificate "the edge CA's certificate $edge_ca" 'that of config.edgeCa.certificate. Copy it there.' "$edge_ca"; then
    check_curve "$edge_ca"
    check_dates "$edge_ca"
    check_authority
  fi
  [ -z "$EDGE_CA_KEY" ] || check_key "$edge_ca_key" "$edge_ca" ''
  if [ -n "$TRUST_BUNDLE" ] &&
    read_certificate "the trust bundle $trust_bundle" 'that of config.trustBundle. Copy it there.' "$trust_bundle"; then
    check_trust
  fi
}

# Modules and downstream devices refuse what is issued by a certificate that is no CA.
check_authority() {
  openssl x509 -in "$edge_ca" -noout -purpose 2>/dev/null | grep -q '^SSL server CA : Yes' ||
    refuse "$edge_ca is no CA, and nobody accepts certificates that it issues. Have one issued with basicConstraints CA:TRUE and keyUsage keyCertSign, for config.edgeCa.certificate."
  # 1.1 issues a CA of its own between this one and the modules: prepare_cert's workload CA, gone since 1.2.
  [ "$FORM" != yaml ] || say "$certificates" | awk 'NR == 1 { exit $4 == "0" }' ||
    complain "$edge_ca allows no CA below it (pathlen:0), and IoT Edge $RUNTIME makes one for its modules. Whoever checks the length refuses their certificates. Have one issued with pathlen:1 or without."
  rest=$(say "$certificates" | sed 1d)
  [ -z "$rest" ] || stale=$(say "$rest" | not_valid_now) || complain "in $edge_ca, behind the edge CA, is not valid now: $(named "$stale"). Clients refuse the chain, unless they know another one. Renew it."
}

# TLS asks whether one trusted certificate fits. So one that is expired does not hurt the others: old roots stay in bundles for years.
check_trust() {
  stale=$(say "$certificates" | not_valid_now) && return
  all=$(say "$certificates" | awk 'END { print NR }') old=$(say "$stale" | awk 'END { print NR }')
  if [ "$all" = "$old" ]; then
    refuse "of the trust bundle $trust_bundle no certificate is valid now (the clock here says $(date -u)): $(named "$stale"). Renew it, or set the clock."
  else
    complain "of the $all certificates of the trust bundle $trust_bundle, $old not valid now: $(named "$stale"). What they issued is refused."
  fi
}

named() { say "$1" | sed 3q | paste -s -d ';' -; } # LINES: the first three, in one line

not_valid_now() { # reads lines of certificates_in; prints the subjects of those, and fails if there are any
  awk -v now="$(date -u +%Y%m%d%H%M%S)" '
    $1 > now || $2 < now { sub(/^([^ ]+ ){4}/, ""); print; found = 1 }
    END { exit found }'
}


# --- Checks the library of a security module (PKCS#11), and that the keys service gets to its tokens ---

check_module() {
  [ -n "$MODULE" ] || return 0
  case $MODULE in
    /*) ;;
    *)
      say "Not checked: the PKCS#11 library $MODULE, a name that the loader of the keys service finds."
      return
      ;;
  esac
  if ! library=$(inside "$MODULE") || [ ! -f "$library" ]; then
    refuse "the PKCS#11 library $ROOT$MODULE is missing, expected the one of config.pkcs11.library. Install the module's package."
    return
  fi
  check_way "$MODULE" "$KEY_USER" ''
  may r "$library" "$KEY_USER" ||
    refuse "the user $KEY_USER could not read the PKCS#11 library $library (mode and owner $(mode_now "$library")). Type: sudo chmod a+r $(quoted "$library")"
  check_machine
  [ "$FAULTS" -gt 0 ] || check_tokens
}

# A library for another kind of processor is there and cannot be loaded.
check_machine() {
  kind=$(machine_of "$library")
  [ -n "$kind" ] || {
    refuse "$library is no library (ELF), expected the one of config.pkcs11.library."
    return
  }
  for program in /usr/libexec/aziot-identity-service/aziotd /usr/bin/aziotd /bin/sh; do
    real=$(inside "$program") || continue
    [ -f "$real" ] || continue
    expected=$(machine_of "$real")
    [ "$kind" = "$expected" ] ||
      refuse "$library is for another machine ($kind) than $ROOT$program ($expected: class, byte order and processor of ELF). Install the module's package for this machine."
    return
  done
}

machine_of() { # FILE: e_ident[4..5] and e_machine in hex, or nothing if it is no ELF
  od -An -v -tx1 -N20 "$1" | tr -d ' \\n' | awk 'substr($0, 1, 8) == "7f454c46" { print substr($0, 9, 4) "-" substr($0, 37, 4) }'
}

# The tokens are listed without the PIN, by a tool that the device may have, as the keys service would list them: with its user, its
# groups and its environment. The key in the token is not looked at: most modules show it only to who has the PIN.
check_tokens() {
  unseen="Not checked: whether the user $KEY_USER gets to its PKCS#11 tokens."
  if [ -n "$ROOT" ]; then
    say "$unseen An image has none."
  elif ! tool=$(token_lister); then
    say "$unseen That takes the program pkcs11-tool or p11tool."
  elif [ -z "$KEY_MEANS" ] || ! WITH=$(service_environment); then
    say "$unseen The rights or the environment of $KEY_UNIT cannot be had here."
  elif ! for_root=$(list_tokens run_clean); then
    say "$unseen $tool cannot list the tokens of $library."
  else
    for_service=$(list_tokens as_service "$KEY_USER")
    refuse_tokens
  fi
  WITH=''
}

token_lister() { command -v pkcs11-tool || command -v p11tool; }

# systemd quotes what has other characters than the usual ones, and says nothing of what is in files.
service_environment() {
  [ -z "$(property "$KEY_RUN" EnvironmentFiles)" ] || return 1
  words=$(property "$KEY_RUN" Environment)
  case $words in *[\\"\\'\\\\]*) return 1 ;; esac
  say "$words"
}

# A module that is asked by network may not answer.
list_tokens() { # COMMAND ARGUMENT...: runs the tool by it; prints "token LABEL" and "slot HEX" for each
  ! command -v timeout >/dev/null || set -- "$@" timeout 30
  case $tool in
    *pkcs11-tool) set -- "$@" "$tool" --module "$MODULE" --list-slots ;;
    *) set -- "$@" "$tool" --provider "$MODULE" --list-tokens ;;
  esac
  listed=$("$@" 2>/dev/null) || return 1
  say "$listed" | sed -n 's/^Slot [0-9]* (0x\\([0-9a-f]*\\)).*/slot \\1/p; s/^ *token label *: /token /p; s/^[[:blank:]]*Label: /token /p' |
    sed 's/ *$//'
}

refuse_tokens() {
  wanted=$(say "$MODULE_TOKENS" | sed '/./!d; s/^/token /')
  case $tool in *pkcs11-tool) for slot in $MODULE_SLOTS; do wanted="$wanted
slot $(printf %x "$slot")"; done ;; esac
  while IFS= read -r one; do
    if [ -z "$one" ] || holds "$for_service" "$one"; then
      :
    elif holds "$for_root" "$one"; then
      refuse "the user $KEY_USER does not get to the PKCS#11 $one, which root does. Put the user into the group that the module lets in, such as: sudo usermod -aG softhsm $KEY_USER"
    else
      refuse "$library has no PKCS#11 $one, expected that of the manifest's pkcs11: URI. It has: $(say "$for_root" | paste -s -d , -)"
    fi
  done <<END
$wanted
END
}

holds() { say "$1" | grep -qxF -e "$2"; }

# --- Checks that the services, which are not root, reach the files that they read ---

check_ways() {
  CERTS=$(inside /var/aziot/certs) SECRETS=$(inside /var/aziot/secrets)
  check_way "$CERTIFICATE_PATH" "$CERTIFICATE_USER" "$HAZARD"
  [ -z "$PRIVATE_KEY_PATH" ] || check_way "$PRIVATE_KEY_PATH" "$KEY_USER" "$HAZARD"
  [ -z "$EDGE_CA_CERTIFICATE" ] || check_way "$EDGE_CA_CERTIFICATE" "$CERTIFICATE_USER" ''
  [ -z "$EDGE_CA_KEY" ] || check_way "$EDGE_CA_KEY" "$KEY_USER" ''
  [ -z "$TRUST_BUNDLE" ] || check_way "$TRUST_BUNDLE" "$CERTIFICATE_USER" ''
  [ "$FORM" = toml ] || check_way "\${CONFIG#"$ROOT"}" "$CONFIG_USER" ''
}

# Missing folders are made later.
check_way() { # PATH USER HAZARD
  walk "$1" lets_through "$2" || refuse "the user $2 could not read $ROOT$1: the folder $at does not let it through (mode and owner $(mode_then "$at")).$(let_through "$at" "$2")$3"
}

lets_through() { may x "$at" "$1"; } # USER

# How to let one service through, and nobody else.
let_through() { # FOLDER USER
  usual=/var/lib/iotedge
  [ "$FORM" = yaml ] || case $2 in "$KEY_USER") usual=/var/aziot/secrets ;; *) usual=/var/aziot/certs ;; esac
  of_service "$2"
  [ -n "$means" ] || say ' Access lists (ACLs) were not looked at: none of setpriv, runuser and su can become this user here.'
  say " Choose a place that it gets to, such as $usual; or let this user alone through: sudo setfacl -m u:\${ids%:*}:x $(quoted "$1") (of the package acl)."
}

# The kernel decides, since it knows access lists. It can be asked about what the installation leaves as it is.
may() ( # x|r FILE USER
  of_service "$3"
  if [ -n "$means" ] && ! will_change "$2"; then
    # From inside of the folder: what is above an image may be closed to everybody, and is no part of the device.
    if [ -d "$2" ]; then cd -- "$2" && set -- "$1" . "$3"; else cd -- "$(dirname -- "$2")" && set -- "$1" "./\${2##*/}" "$3"; fi
    as_service "$3" test "-$1" "$2"
    exit
  fi
  is=$(mode_then "$2")
  bits=$((0\${is%%:*})) its=\${is#*:}
  if [ "\${ids%:*}" = "\${its%:*}" ]; then
    bits=$((bits >> 6))
  else
    for group in $groups; do
      [ "$group" != "\${its#*:}" ] || { bits=$((bits >> 3)) && break; }
    done
  fi
  if [ "$1" = r ]; then [ $((bits & 4)) != 0 ]; else [ $((bits & 1)) != 0 ]; fi
)

will_change() { [ "$FORM" = toml ] && { [ "$1" = "$CERTS" ] || [ "$1" = "$SECRETS" ]; }; } # FOLDER

mode_now() { stat -L -c %a:%u:%g -- "$1"; }

mode_then() { # FOLDER: its mode and owner after the installation
  case $FORM$1 in
    "toml$CERTS") say "755:$CERTIFICATE_OWNER" ;;
    "toml$SECRETS") say "700:$KEY_OWNER" ;;
    *) mode_now "$1" ;;
  esac
}


# --- Checks that what is planned can be done where it is to be done; changes nothing ---

# Only what changes is looked at: a device with a read-only system that is as wanted has nothing to do.
check_places() {
  SEEN='' IN_MEMORY=''
  each check_place
  [ "$COUNT" = 0 ] || [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    ! spot=$(inside "/etc/aziot/$daemon/config.d") || check_spot "$spot"
  done
}

check_place() {
  if [ -n "$had" ]; then
    check_spot "$file"
    check_other_names
  fi
  spot=\${file%/*}
  while [ ! -d "$spot/" ] && [ -n "$spot" ]; do spot=\${spot%/*}; done
  check_spot "\${spot:-/}"
  [ "$kind" != place ] || check_memory "\${spot:-/}"
}

check_spot() { # FILE OR FOLDER
  [ -e "$1" ] || return 0
  case $SEEN in *"
$1
"*) return ;; esac
  SEEN="$SEEN
$1
"
  on=$(mount_of "$1") point=\${on#* * * }
  case $on in
    *,ro,*)
      refuse "$1 is on a file system that is mounted read-only ($point). Type: sudo mount -o remount,rw $(quoted "$point"); or install into the image that the device is made of (--root)."
      return
      ;;
    msdos* | vfat* | exfat*)
      [ "$kind" = remove ] ||
        refuse "$1 is on a file system without owners and modes (\${on%% *}), expected owner $owner and mode $mode of $file. Choose a place on another one, or mount it with these (uid, gid, umask)."
      return
      ;;
  esac
  if marks=$(fixed_by "$1"); then
    refuse "$1 has the attribute $marks (chattr), so that nobody can change it. Type: sudo chattr -ia $(quoted "$1")"
  elif [ "$ME" = 0 ] && [ ! -w "$1" ] && [ ! -L "$1" ]; then
    refuse "root cannot write to $1. Is $point mounted from another machine, or does a security module forbid it? Choose another place, or allow it."
  fi
}

# "TYPE ,OPTIONS, SOURCE MOUNT POINT" of the file system that a path is on. [ -w ] does not do: busybox says of everything that root
# may write it.
mount_of() { # PATH
  way=$(cd -P -- "\${1%/*}/" && pwd)/\${1##*/}
  [ ! -d "$1" ] || way=$(cd -P -- "$1" && pwd)
  WAY=$way/ awk '
    { point = $2; gsub(/\\\\040/, " ", point); slashed = (point == "/") ? point : point "/" }
    index(ENVIRON["WAY"], slashed) == 1 && length(slashed) >= longest { longest = length(slashed); on = $3 " ," $4 ", " $1 " " point }
    END { print on }' /proc/mounts 2>/dev/null
}

# Prints i (immutable) or a (append only); fails if it has neither, or if that cannot be known.
fixed_by() { # PATH
  [ ! -L "$1" ] && marks=$(lsattr -d -- "$1" 2>/dev/null) || return 1
  case \${marks%% *} in *i*) say i ;; *a*) say a ;; *) return 1 ;; esac
}

# What a file in memory holds is gone at the next start. An image that is built in memory is not in it then.
check_memory() { # FOLDER
  [ -z "$IN_MEMORY" ] || return 0
  on=$(mount_of "$1") point=\${on#* * * }
  [ -z "$ROOT" ] || [ "$on" != "$(mount_of "$ROOT/")" ] || return 0
  case $on in
    # initramfs-tools of Ubuntu and raspi-config mount such a root from "overlayroot".
    'tmpfs '* | 'ramfs '* | 'overlay ,'*', overlayroot '*) ;;
    *) return 0 ;;
  esac
  IN_MEMORY=yes
  complain "$file is in memory ($point) and is gone at the next start. Mount a folder of a disk there, or install at each start before the runtime.$HAZARD"
}

# Owner and mode belong to a file, whatever it is called. What another program reads by a second name would change for it too. Before
# a run that was cut off is cleaned up after, the second name may be this script's.
check_other_names() {
  [ "$kind" = mode ] && [ ! -e "$MARK" ] && [ ! -d "$file.installing.held" ] && [ -f "$file" ] && [ "$(stat -c %h -- "$file")" -gt 1 ] || return 0
  refuse "$file has another name too (a hard link), and who reads it there would find another owner and mode ($text, expected $mode:$owner). Make it a file of its own: sudo cp -p $(quoted "$file") $(quoted "$file.own") && sudo mv $(quoted "$file.own") $(quoted "$file"). To find the other name, type: sudo find / -xdev -samefile $(quoted "$file")"
}

# A proxy.conf that somebody made is replaced only if it says no more than a proxy. It is kept beside, where systemd does not read it.
check_hand_made() { # FILE
  [ -f "$1" ] && [ "$(sed -n 1p "$1")" != "$PROXY_MARK" ] || return 0
  other=$(grep -iEv "^[[:space:]]*([#;].*|\\[Service\\][[:space:]]*|Environment[[:space:]]*=([[:space:]]*[\\"']?(https?|ftp|all|no)_proxy=[^[:space:]\\"']*[\\"']?)*[[:space:]]*)?\\$" "$1") || {
    complain "$1 was made by somebody else. It is replaced by the proxy of the manifest (config.proxy) and kept as $1.before-install."
    return
  }
  refuse "$1 was made by somebody else, and has more than a proxy, which would be lost: $(say "$other" | sed 1q). Give it another name, such as: sudo mv $(quoted "$1") $(quoted "\${1%/*}/local.conf")"
}

# Says where the disk is full: blocks or inodes. What a user may have of it (quota) is not seen here; the program says so itself. Some
# file systems, such as btrfs, have no number of inodes: it is 0.
full_disk() { # FILE
  spot=\${1%/*}
  while [ ! -d "$spot/" ] && [ -n "$spot" ]; do spot=\${spot%/*}; done
  spot=\${spot:-/}
  stat -f -c '%f %S %d %c' -- "$spot" 2>/dev/null | awk '{ exit $1 * $2 < 65536 || ($4 > 0 && $3 < 4) }' ||
    say " The file system of $spot is full. Make room, and look at: df -h $(quoted "$spot"); df -i $(quoted "$spot")"
}

# --- Plans the changes: a numbered list, empty if everything is as wanted ---

plan() {
  FOLDER_OWNER=$ROOT_OWNER
  if [ "$FORM" = toml ]; then
    FOLDER_OWNER=$CERTIFICATE_OWNER
    certs=$(inside /var/aziot/certs) || count_fault
    secrets=$(inside /var/aziot/secrets) || count_fault
    [ ! -d "$certs" ] || mode "$certs" 755 "$CERTIFICATE_OWNER"
    [ ! -d "$secrets" ] || mode "$secrets" 700 "$KEY_OWNER"
  fi
  if [ -n "$CARRIED" ]; then
    folder "\${placed%/*}" "$FOLDER_OWNER"
    place "$placed" certificate_text "$CERTIFICATE_MODE" "$CERTIFICATE_OWNER"
  else
    mode "$placed" "$CERTIFICATE_MODE" "$CERTIFICATE_OWNER"
  fi
  [ -z "$PRIVATE_KEY_PATH" ] || mode "$key" "$KEY_MODE" "$KEY_OWNER"
  [ -z "$EDGE_CA_CERTIFICATE" ] || mode "$edge_ca" "$CERTIFICATE_MODE" "$CERTIFICATE_OWNER"
  [ -z "$EDGE_CA_KEY" ] || mode "$edge_ca_key" "$KEY_MODE" "$KEY_OWNER"
  # The system's own trust bundle is readable for everyone and stays as it is.
  [ -z "$TRUST_BUNDLE" ] || may r "$trust_bundle" "$CERTIFICATE_USER" || mode "$trust_bundle" "$CERTIFICATE_MODE" "$CERTIFICATE_OWNER"
  before=$COUNT
  for unit in $UNITS; do
    drop_in=$(inside_but_name "/etc/systemd/system/$unit.service.d/proxy.conf") || count_fault
    if [ -n "$PROXY" ]; then
      check_hand_made "$drop_in"
      folder "\${drop_in%/*}" "$ROOT_OWNER"
      place "$drop_in" proxy_text 644 "$ROOT_OWNER"
    elif [ -f "$drop_in" ] && [ "$(sed -n 1p "$drop_in")" = "$PROXY_MARK" ]; then
      add remove "$drop_in" '' '' ''
    fi
  done
  [ "$COUNT" = "$before" ] || RELOAD=yes
  place "$CONFIG" config_text "$CONFIG_MODE" "$CONFIG_OWNER"
}

place() { # FILE TEXT MODE OWNER
  if [ -d "$1" ]; then
    refuse "$1 is a folder, expected a file. Remove it."
  elif [ ! -f "$1" ] || ! "$2" | cmp -s - "$1" 2>/dev/null || [ "$(stat -c %a:%u:%g "$1")" != "$3:$4" ]; then
    add place "$@"
  fi
}

mode() { # FILE MODE OWNER
  was=$(stat -L -c %a:%u:%g "$1")
  [ "$was" != "$2:$3" ] || return 0
  if [ -f "$1" ] && [ $((0$2 & 044)) != 0 ] && grep -q 'PRIVATE KEY' "$1"; then
    refuse "$1 holds a private key beside the certificate, and would be open to everybody (mode $2). Put the certificate alone there."
    return
  fi
  add mode "$1" "$was" "$2" "$3"
}

folder() { # FOLDER OWNER: makes it and its parents if missing
  [ ! -d "$1/" ] || return 0
  folder "\${1%/*}" "$ROOT_OWNER"
  add folder "$1" '' 755 "$2"
}

# --- The numbered list of changes ---

there() { if [ -e "$1" ] || [ -L "$1" ]; then say yes; fi; }

add() { # KIND FILE TEXT MODE OWNER
  COUNT=$((COUNT + 1))
  had=$(there "$2")
  eval "KIND_$COUNT=\\$1 FILE_$COUNT=\\$2 TEXT_$COUNT=\\$3 MODE_$COUNT=\\$4 OWNER_$COUNT=\\$5 HAD_$COUNT=\\$had"
}

each() { # FUNCTION ARGUMENT...: calls it for each change, in order
  n=0
  while [ "$n" -lt "$COUNT" ]; do
    n=$((n + 1))
    load "$n"
    "$@" || return 1
  done
}

each_back() { # FUNCTION: for each change, the last first
  n=$COUNT
  while [ "$n" -gt 0 ]; do
    load "$n"
    "$@" || return 1
    n=$((n - 1))
  done
}

load() {
  eval "kind=\\$KIND_$1 file=\\$FILE_$1 text=\\$TEXT_$1 mode=\\$MODE_$1 owner=\\$OWNER_$1 had=\\$HAD_$1"
  old=$(room_of "$file" old)
}

describe() { # PREFIX
  case $kind in
    folder) say "\${1}make the folder $file" ;;
    place) say "\${1}place $file (owner $owner, mode $mode)" ;;
    mode) say "\${1}set owner $owner and mode $mode of $file" ;;
    remove) say "\${1}remove $file" ;;
  esac
}


# --- Files and folders: where a path leads, and how root writes in the folders of others ---

# /var/aziot/certs belongs to aziotcs, /var/aziot/secrets to aziotks, /var/lib/iotedge of 1.1 to iotedge. A process of that user can
# swap each name in its folder at any moment: for a link to /etc/shadow, a hard link, a pipe. So this script never fills a file
# there, and never sets owner or mode by a name there. It works in a room: a folder FILE.installing.* beside the file, in
# which root alone has names. A service can still move a whole room, or put one of before in its place. So after entering a room,
# nothing is filled or given away before its name was removed or looked at. A new file gets its name by a rename out of the room, an old one comes in by a hard link; neither
# follows a link. The room is on the same file system, and its files get the same SELinux type.

# Follows a path of the device as its kernel does: folder by folder, and links. An absolute link of an image starts at the image's
# root, and no ".." leads above it.
walk() { # PATH [FUNCTION ARGUMENT...]: sets $at to where it leads; calls FUNCTION for each folder on the way, which may end it
  at=$ROOT rest=$1 hops=0
  shift
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest='' ;; esac
    case $name in
      '' | .) ;;
      ..) [ "$at" = "$ROOT" ] || at=\${at%/*} ;;
      *)
        at=$at/$name
        if [ -L "$at" ]; then
          follow || return 1
        elif [ $# -gt 0 ] && [ -d "$at" ]; then
          "$@" || return 1
        fi
        ;;
    esac
  done
}

# A link of another user's could lead root to a file that this user may not read.
follow() {
  hops=$((hops + 1))
  if [ "$hops" -gt 40 ]; then
    complain "the links at $at lead round in a circle. Remove one of them."
    return 1
  elif [ "$ME" = 0 ] && [ "$(stat -c %u -- "$at")" != 0 ]; then
    complain "the link $at belongs to the user with the number $(stat -c %u -- "$at"), who could lead root to any file by it. If it is right, type: sudo chown -h root '$at'"
    return 1
  fi
  target=$(readlink -- "$at")
  case $target in /*) at=$ROOT ;; *) at=\${at%/*} ;; esac
  rest=$target/$rest
}

# Each path goes through this once, at the beginning. Whatever comes later has paths without links. Says itself why it fails.
inside() ( # PATH: prints where it leads on this machine
  walk "$1" && say "$at"
)

inside_but_name() ( # PATH: the same, for a file that is replaced: if its own name is a link, the link is replaced
  walk "\${1%/*}" && say "$at/\${1##*/}"
)

# Into a folder, unless somebody has put a link on the way there.
go() { # FOLDER
  if cd -P -- "\${1:-/}" 2>/dev/null && is_here "\${1:-/}"; then return; fi
  complain "the folder $1 is missing, or a link by now: somebody changes it, or the folders on the way to it."
  return 1
}

# Only the kernel says where we are. dash and busybox ask it (getcwd) at each "cd -P", for $PWD. The other shells put there what they made of the
# path, whose links may have changed since; so a program is asked, which costs a process each time.
is_here() { # FOLDER
  case \${BASH_VERSION-}\${ZSH_VERSION-}\${KSH_VERSION-}\${YASH_VERSION-} in
    '') [ "$PWD" = "$1" ] ;;
    *) [ "$(env pwd -P)" = "$1" ] ;;
  esac
}

# --- Rooms ---

room_of() { say "$1.installing.$2/\${1##*/}"; } # FILE KIND: the file's place in its room of this kind

# mkdir heeds no umask where the folder has a default ACL. Then others may have put something in before the room was closed.
open_room() { # FILE KIND: makes its room, or opens one that a run before left, and goes into it
  go "\${1%/*}" || return 1
  mkdir -- "./\${1##*/}.installing.$2" 2>/dev/null || [ -d "./\${1##*/}.installing.$2" ] || mkdir -- "./\${1##*/}.installing.$2" || return 1
  go "$1.installing.$2" || return 1
  case $(stat -c %u:%a .) in
    "$ME:700" | "$ME:2700") ;;
    "$ME":*) chmod 700 . || return 1 ;;
    *)
      complain "$1.installing.$2 is not of this script. Remove it."
      return 1
      ;;
  esac
  empty_room "$1"
}

# A run that was cut off leaves a file in it, or a folder that was being made.
empty_room() { # FILE: we are in its room
  [ ! -d "./\${1##*/}" ] || [ -L "./\${1##*/}" ] || rmdir -- "./\${1##*/}" || return 1
  for left in "./\${1##*/}" ./part ./copy; do
    [ -z "$(there "$left")" ] || rm -f -- "$left" || return 1
  done
}

enter_room() { # FILE KIND
  go "$1.installing.$2" || return 1
  case $(stat -c %u:%a .) in "$ME:700" | "$ME:2700") return ;; esac
  complain "$1.installing.$2 is not the folder that this script made: somebody else changes \${1%/*}."
  return 1
}

close_room() ( # FILE KIND: removes it with what is in it
  [ -d "$1.installing.$2" ] && [ ! -L "$1.installing.$2" ] || return 0
  enter_room "$1" "$2" && empty_room "$1" && rm -f -- "./\${1##*/}.before-install" && rmdir -- "../\${1##*/}.installing.$2"
)

leave_room() { # FILE KIND: it is empty
  rmdir -- "../\${1##*/}.installing.$2" 2>/dev/null || true
}

# --- New files ---

stage() ( # FILE MODE OWNER [FUNCTION]: makes the new file of what FUNCTION prints, or of stdin; its place is room_of FILE new
  open_room "$1" new && "\${4:-cat}" >"./\${1##*/}" && chown "$3" "./\${1##*/}" && chmod "$2" "./\${1##*/}" && sync "./\${1##*/}"
)

# To a folder, not to a name: if the name is a link to a folder, mv would put the file there, and not every mv has -T.
put() ( # FILE KIND: renames it out of its room
  enter_room "$1" "$2" && mv -f -- "./\${1##*/}" ../ && leave_room "$1" "$2"
)

make_folder() ( # FOLDER MODE OWNER
  open_room "$1" new && mkdir -- "./\${1##*/}" && chown "$3" "./\${1##*/}" && chmod "00$2" "./\${1##*/}" &&
    mv -f -- "./\${1##*/}" ../ && leave_room "$1" new
)

remove_file() ( [ -z "$(there "$1")" ] || { go "\${1%/*}" && rm -f -- "./\${1##*/}"; } ) # FILE
remove_folder() ( [ -z "$(there "$1")" ] || { go "\${1%/*}" && rmdir -- "./\${1##*/}" 2>/dev/null; } ) # FOLDER
sync_folder() ( go "$1" && sync . ) # FOLDER

# --- Files that are there ---

# Brings the file into a room, where nobody can swap it any more, and looks at it again: with fs.protected_hardlinks off, a service's
# user can give the file of another user a name in its folder, and take it away when the room has one. So the file must be
# a key or a certificate of those that were checked: no other one is given away.
hold() ( # FILE: its place is room_of FILE held
  open_room "$1" held || exit 1
  ln -- "../\${1##*/}" "./\${1##*/}" && is_alone "./\${1##*/}" "$1" && is_known "./\${1##*/}" "$1" && exit
  rm -f -- "./\${1##*/}"
  leave_room "$1" held
  exit 1
)

is_alone() { # HELD FILE: the second name is the one in the room
  is_file "$1" && [ "$(stat -c %h "$1")" = 2 ] && return
  complain "$2 is not a file with one name (it is a link, or a hard link of another file), so its owner and mode stay as they are. Make it a file of its own."
  return 1
}

is_known() { # HELD FILE
  its=$(openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null </dev/null || openssl x509 -in "$1" -noout -pubkey 2>/dev/null)
  case "
$KNOWN_KEYS" in
    *"
$its
"*) [ -z "$its" ] || return 0 ;;
    '
') [ -z "$its" ] || return 0 ;; # a run that was cut off is cleaned up after before anything is checked
  esac
  complain "$2 is not the key or the certificate any more that was checked: somebody else changes \${2%/*}."
  return 1
}

own_held() ( # FILE OWNER MODE: sets owner and mode of a file that is held
  enter_room "$1" held && is_alone "./\${1##*/}" "$1" && is_known "./\${1##*/}" "$1" && chown "$2" "./\${1##*/}" &&
    chmod "$3" "./\${1##*/}"
)

# chmod keeps the setgid bit of a folder unless the mode has five digits: chmod(1). Each run would find another mode then.
own_folder() ( go "$1" && chown "$2" . && chmod "00$3" . ) # FOLDER OWNER MODE

own_mode() { # FILE|FOLDER OWNER MODE
  if [ -d "$1" ]; then
    own_folder "$@"
  else
    [ -d "$1.installing.held" ] || hold "$1" && own_held "$@"
  fi
}

# --- Old files ---

# A hard link takes no space, and a rename puts it back.
keep_old() ( # FILE: its place is room_of FILE old
  open_room "$1" old && ln -- "../\${1##*/}" "./\${1##*/}"
)

# A file that others write into needs a copy. It gets its name when it is whole: half a copy must never be put back.
copy_old() ( # FILE: the same
  open_room "$1" old || exit 1
  ln -- "../\${1##*/}" ./part && is_plain ./part "$1" && cp -p -- ./part ./copy && sync ./copy && mv -f -- ./copy "./\${1##*/}"
  copied=$?
  rm -f ./part
  exit "$copied"
)

# The old file may hold the same secrets as the new one, and be open to more users. What a link leads to stays as it is, and so does
# a file that has more names: what is kept is a copy for root.
tighten_old() ( # FILE MODE OWNER
  enter_room "$1" old || exit 1
  is_file "./\${1##*/}" || exit 0
  if [ "$(stat -c %h "./\${1##*/}")" -gt 1 ]; then
    rm -f ./part && cp -- "./\${1##*/}" ./part && mv -f -- ./part "./\${1##*/}"
    exit
  fi
  chmod "$(printf %o $((0$(stat -c %a "./\${1##*/}") & 0$2)))" "./\${1##*/}" && chown "$3" "./\${1##*/}"
)

release_old() ( # FILE: the old file stays as FILE.before-install
  [ -d "$1.installing.old" ] || exit 0
  enter_room "$1" old || exit 1
  # A run may be cut off between the two.
  [ -z "$(there "./\${1##*/}")" ] || mv -f -- "./\${1##*/}" "./\${1##*/}.before-install" || exit 1
  [ -z "$(there "./\${1##*/}.before-install")" ] || mv -f -- "./\${1##*/}.before-install" ../ || exit 1
  leave_room "$1" old
)

put_back_old() ( # FILE
  enter_room "$1" old || exit 1
  # mv refuses two names of one file.
  if [ "$(stat -c %d:%i "./\${1##*/}")" = "$(stat -c %d:%i "../\${1##*/}" 2>/dev/null)" ]; then
    rm -f -- "./\${1##*/}" && leave_room "$1" old
  else
    put "$1" old
  fi
)

close_rooms() { close_room "$1" new && close_room "$1" held && close_room "$1" old; } # FILE

is_file() { [ -f "$1" ] && [ ! -L "$1" ]; } # PATH IN A ROOM
is_plain() { is_file "$1" || { complain "$2 is no plain file. Look at it (ls -l), and remove it." && return 1; }; } # PATH IN A ROOM, FILE

# --- Carries out the numbered list of changes, or undoes it ---

# $STATE says what is to be done if the script ends at this moment. The mark, a file, says it if the power goes:
#   checking    nothing. No mark
#   preparing   copies are made, and every file is still the old one: remove the copies
#   placing     a file may be old or new: put the old ones back
#   restarting  the same, and the services may have seen the new files. The mark says "placing"
#   resuming    what the mark of a run says that was cut off is done
#   back        all files are the old ones: only start the services
#   done        all files are new, and the services run: give the old ones their names and modes
#   finished    nothing. No mark
install_bundle() {
  from_here_on
  # The files that "iotedge config apply" makes from config.toml are put back with it.
  [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    applied=$(inside_but_name "/etc/aziot/$daemon/config.d/00-super.toml") || exit 1
    add derived "$applied" '' '' ''
  done
  # Everything that needs disk space comes first. After it there are only renames.
  STATE=preparing
  { write_mark preparing && each prepare && sync_all && write_mark placing; } || exit 1
  STATE=placing
  { each commit && sync_all; } || exit 1
  if [ -n "$RESTART" ]; then
    # What an earlier run left was stopped; what starts from here on has to be stopped again.
    STATE=restarting DUE=yes STOPPED=''
    # The runtime does not sync what "iotedge config apply" writes.
    { restart && sync_all; } || exit 1
  fi
  for name in $SECRET_NAMES; do unset "$name"; done
  ignore_signals
  write_mark 'done' || exit 1
  STATE=finished
  finish_changes
  to_terminal
  say_installed
}

say_installed() {
  trap '' PIPE
  if [ -z "$RESTART" ]; then
    say "$DEVICE is installed in $ROOT. $([ "$FORM" = yaml ] || say 'When it runs for the first time, type: sudo iotedge config apply')"
  else
    trap stopped_check HUP INT QUIT TERM
    if waiting iotedge check; then
      say "$DEVICE is installed and running."
    else
      complain "$DEVICE is installed and running, but iotedge check found something: see above. The new configuration stays."
      exit 3
    fi
  fi
  [ -n "$WELL" ] || exit 3
}

stopped_check() {
  complain "$DEVICE is installed and running. Only 'iotedge check' was stopped. Type: sudo iotedge check"
  exit 3
}

# --- The steps of one change ---

prepare() {
  case $kind in
    folder) make_folder "$file" "$mode" "$owner" ;;
    place) stage "$file" "$mode" "$owner" "$text" && keep ;;
    remove) keep ;;
    mode) can_change ;;
    derived) [ -z "$had" ] || copy_old "$file" ;;
  esac || {
    complain "cannot prepare $file: see above.$(full_disk "$file")"
    return 1
  }
}

keep() { [ -z "$had" ] || keep_old "$file"; }

# Found before anything is stopped: a file that cannot be linked (chattr +i), or a folder whose owner cannot be set to what it is.
can_change() {
  if [ -d "$file" ]; then
    chown -h "$(stat -c %u:%g -- "$file")" "$file"
  else
    hold "$file"
  fi || {
    complain "owner $owner and mode $mode of $file cannot be set. If it is immutable (lsattr -d '$file' shows an i), type: sudo chattr -i '$file'"
    return 1
  }
}

commit() {
  case $kind in
    place) put "$file" new ;;
    remove) remove_file "$file" ;;
    mode) own_mode "$file" "$owner" "$mode" ;;
  esac && describe ''
}

# What was placed was synced before it got its name. One process syncs all folders with their new names, and the files that were
# changed in place.
sync_all() {
  SYNCED=''
  each to_sync
  [ -z "$SYNCED" ] || sync_lines "$SYNCED"
}

sync_lines() ( # PATHS: one a line
  set -f
  IFS='
'
  # shellcheck disable=SC2086 # words
  sync -- $1
)

to_sync() {
  case $kind in mode | derived) [ ! -f "$file" ] || add_to_sync "$file" ;; esac
  [ ! -d "\${file%/*}" ] || add_to_sync "\${file%/*}"
}

add_to_sync() { # PATH
  case "
$SYNCED" in *"
$1
"*) ;; *) SYNCED="$SYNCED$1
" ;; esac
}

clean() {
  case $kind in
    folder)
      close_room "$file" new
      remove_folder "$file" || true # what is in it now is not ours
      ;;
    *) close_rooms "$file" ;;
  esac
}

# The mark goes last. What a power cut leaves here the next run does.
finish_changes() {
  WELL=yes
  each finish
  sync_all
  if [ -n "$WELL" ]; then
    remove_mark
  else
    complain "Not all old files could be closed to other users: see above. Put the reason right, then type: sudo sh install.sh"
  fi
}

finish() {
  case $kind in
    folder) ;;
    place | remove) { release && close_rooms "$file"; } || WELL='' ;;
    *) close_rooms "$file" ;;
  esac
}

release() {
  [ -n "$had" ] || return 0
  { [ "$kind" = remove ] || [ -z "$(there "$old")" ] || tighten_old "$file" "$mode" "$owner"; } && release_old "$file"
}

undo() {
  BACK=yes
  each_back restore
  sync_all
}

restore() {
  put_back || {
    BACK=''
    complain "cannot put $file back: see above.$(by_hand)"
  }
}

by_hand() {
  if [ "$kind" = mode ]; then
    say " Type: sudo chown '\${text#*:}' '$file'; sudo chmod '\${text%%:*}' '$file'"
  elif [ -z "$had" ]; then
    say " It was not there before. Type: sudo rm '$file'"
  elif [ -n "$(there "$old")" ]; then
    say " What was there is kept as $old. Type: sudo mv '$old' '$file'"
  fi
}

put_back() {
  case $kind in
    folder) clean ;;
    mode)
      [ ! -e "$file" ] || [ "$(mode_now "$file")" = "$text" ] || own_mode "$file" "\${text#*:}" "\${text%%:*}" || return 1
      close_rooms "$file"
      ;;
    *)
      if [ -z "$had" ]; then
        remove_file "$file"
      elif [ -n "$(there "$old")" ]; then
        put_back_old "$file"
      fi && close_rooms "$file"
      ;;
  esac
}

# --- The end ---

# Runs at every exit. What is begun and not finished is undone.
leave() {
  EXIT_CODE=$?
  trap - EXIT
  ignore_signals
  ENDING=yes
  [ "$EXIT_CODE" -lt 129 ] || SIGNALLED=yes
  end_child
  case $STATE in checking | finished) ;; *) put_right ;; esac
  unlock
  to_terminal
  exit "$EXIT_CODE"
}

put_right() {
  case $STATE in
    preparing)
      NOW=preparing
      do_as_marked
      ;;
    resuming)
      do_as_marked
      [ "$NOW" != 'done' ] || return 0
      ;;
    back) BACK=yes ;;
    restarting)
      stop_services
      undo
      ;;
    *) undo ;;
  esac
  if [ -z "$BACK" ]; then
    leave_mixture
  elif [ -z "$DUE" ]; then
    remove_mark
  else
    COUNT=0
    write_mark back 2>/dev/null || true >"$MARK"
    if [ -z "$RESTART" ] || restart_old; then
      remove_mark
    else
      complain "the service does not start with the old files either. Look at: sudo $LOGS"
    fi
  fi
  complain "$(outcome) Look above, and at: sudo $LOGS"
  [ -z "$UNSURE" ] || complain "$(renaming)"
}

# Old and new files do not belong together. A daemon of 1.3 and later that starts with them deletes the key. 1.1 has read its
# files when it started, so that it goes on with the old ones if it was not restarted.
leave_mixture() {
  [ -n "$RESTART" ] || return 0
  if [ "$STATE$FORM" = placingyaml ]; then
    complain "$SERVICE was not restarted. Do not restart it before the files are back."
  else
    stop_services
    [ "$FORM" = toml ] || waiting systemctl stop "$SERVICE"
    complain "IoT Edge is stopped, because old and new files do not belong together. Do not start it before the files are back."
  fi
  complain 'Put the reason right, then type: sudo sh install.sh. It puts the rest back first.'
}

# --- The mark, which says on the disk how far a run is, and what the next run does if it was cut off ---

# It is replaced by one rename, so that half a mark is never read.
write_mark() { # STATE
  NEXT=$1
  stage "$MARK" 600 "$ME:$(id -g)" mark_text && put "$MARK" new && sync_folder "\${MARK%/*}"
}

# The second line says which services ran before: a power cut and the run itself may have stopped them.
mark_text() {
  printf 'now:%s:%s\\n%s\\n' "$NEXT" "$DUE" "$RAN"
  each note
}

note() {
  case $kind in place) text=$mode:$owner ;; esac
  printf '%s\\n%s\\n' "$kind:$had:$text" "\${file#"$ROOT"}"
}

# An empty mark says that the files are back. It needs no space, so it can be had on a full disk.
read_mark() {
  NOW=placing DUE=yes RAN=" $SERVICE" COUNT=0
  [ -s "$MARK" ] || NOW=back
  while IFS=: read -r kind had text && IFS= read -r file; do
    case $kind in
      now) NOW=$had DUE=$text RAN=$file ;;
      *)
        was=$had
        add "$kind" "$ROOT$file" "$text" "\${text%%:*}" "\${text#*:}"
        eval "HAD_$COUNT=\\$was"
        ;;
    esac
  done <"$MARK"
}

# A signal may have come while a new mark was made.
remove_mark() { close_room "$MARK" new && remove_file "$MARK" && sync_folder "\${MARK%/*}"; }

resume() {
  from_here_on
  read_mark
  STATE=resuming
  if [ "$NOW" = placing ]; then
    DUE=yes
    say 'An earlier run was cut off: putting back the files of before it.'
    stop_services
  fi
  do_as_marked
  [ -n "$BACK" ] || exit 1
  COUNT=0
  if [ "$NOW" = 'done' ]; then
    STATE=checking DUE=''
    [ -n "$WELL" ] || exit 1
  elif [ -n "$DUE" ]; then
    STATE=back RELOAD=yes
    write_mark back || exit 1
  else
    STATE=checking
    remove_mark || exit 1
  fi
}

# A second time gives the same.
do_as_marked() {
  BACK=yes
  case $NOW in
    preparing) each_back clean ;;
    placing) undo ;;
    done) finish_changes ;;
  esac
}

# Before the certificate goes: a running service of 1.3 and later would take a missing one as the reason for a new key.
stop_services() {
  [ "$FORM$RESTART$STOPPED" = tomlyes ] || return 0
  STOPPED=yes
  waiting iotedge system stop
}

# --- One installer at a time; signals; and where output goes from the first change on ---

# The lock is a folder with a file for each run. The file's name says which process it is of: its id, when it started, and
# the boot. A run that finds another one's file steps back. A file whose process is gone, be it by a power cut, holds up nobody.
# In an image the lock is in the image: two machines may not build one image at the same time, two images can be built at once.
lock() {
  CLAIM=$LOCK/$(claim_of "$$") tries=0
  trap leave EXIT
  trap_signals
  until error=$({ { [ -d "$LOCK" ] || mkdir -m 700 -- "$LOCK"; } && true >"$CLAIM"; } 2>&1); do # a run that ends removes the folder
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || stop_at "cannot make $LOCK, which keeps out a second run: $error. Is the file system read-only or full?"
  done
  tries=0
  while other=$(other_run); do
    # Two that start together see each other. The younger steps back, and the older looks again.
    if [ "$tries" = 2 ] || ! is_younger "$other"; then
      stop_at "another install.sh is at work here: process \${other%%.*}. Wait until it has ended, then type: sudo sh install.sh"
    fi
    tries=$((tries + 1))
    sleep 1
  done
  ! applies || stop_at "'iotedge config apply' runs here at this moment, and the two would mix. Wait until it has ended (pgrep -af 'iotedge config apply' shows it), then type: sudo sh install.sh"
}

stop_at() {
  complain "$1"
  complain 'Nothing was changed.'
  exit 1
}

find_lock() {
  # /run is empty after a start. Not every image has it.
  LOCK=$(inside /run)
  { [ -d "$LOCK" ] && [ -w "$LOCK" ]; } || LOCK=$(inside /etc)
  LOCK=$LOCK/iotedge-install.lock
}

unlock() {
  [ -n "$CLAIM" ] || return 0
  rm -f -- "$CLAIM"
  rmdir -- "$LOCK" 2>/dev/null
}

claim_of() { # PID: nothing if there is no such process
  if ! [ -r /proc/self/stat ]; then
    ! kill -0 "$1" 2>/dev/null || say "$1.."
  elif { read -r stat <"/proc/$1/stat"; } 2>/dev/null; then
    read -r boot </proc/sys/kernel/random/boot_id || boot=''
    # The name in parentheses may hold spaces. After it: the state, and as 20th word the start, see proc_pid_stat(5).
    # shellcheck disable=SC2086 # words
    set -- "$1" \${stat##*) }
    case $2 in Z | X) ;; *) say "$1.\${21}.$boot" ;; esac
  fi
}

other_run() { # prints the claim of a run that goes on; removes those of runs that are gone
  for claim in "$LOCK"/*; do
    name=\${claim##*/}
    case $name in
      "\${CLAIM##*/}" | '*' | output | errors) ;;
      *)
        if [ "$name" = "$(claim_of "\${name%%.*}")" ]; then
          say "$name"
          return
        fi
        [ -n "$DRY_RUN" ] || rm -f -- "$claim"
        ;;
    esac
  done
  return 1
}

is_younger() { # CLAIM: than this run
  mine=\${CLAIM##*/} its=$1
  its_start=\${its#*.} my_start=\${mine#*.}
  its_start=\${its_start%%.*} my_start=\${my_start%%.*}
  [ "\${its_start:-0}" -gt "\${my_start:-0}" ] || { [ "$its_start" = "$my_start" ] && [ "\${its%%.*}" -gt "$$" ]; }
}

# Somebody's, or that of a run of this script which was killed. With --root only the iotedge on PATH concerns the image.
applies() {
  [ "$FORM$RESTART" = tomlyes ] && [ -r /proc/self/cmdline ] || return 1
  program=iotedge
  [ -z "$ROOT" ] || program=$(command -v iotedge)
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | PROGRAM=$program awk '
    $0 == "apply" && last == "config" && (before == ENVIRON["PROGRAM"] || ENVIRON["PROGRAM"] == "iotedge" && before ~ /\\/iotedge$/) { found = 1 }
    { before = last; last = $0 }
    END { exit !found }'
}

# --- Signals ---

trap_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
}

# Children ignore them too: a lost connection and Ctrl-C reach all processes of the terminal.
ignore_signals() { trap '' HUP INT QUIT PIPE TERM; }

# A shell handles a signal only after its current command, which may hang. \`wait\` returns at once.
# While everything is put back, a signal ends nothing but the wait for a command that hangs, and time does so as well.
waiting() { # COMMAND WORD...
  if [ -n "$ENDING" ]; then
    waiting_last "$@" # no bare "return" after it: in a trap bash returns what was before the trap
  else
    "$@" &
    wait "$!"
    result=$?
    WAITED=$!
    return "$result"
  fi
}

# The time is longer than systemd gives a service to stop: DefaultTimeoutStopSec=90s. The first signal to a run changes nothing here, since what
# is begun has to be finished. The next one ends the wait.
waiting_last() { # COMMAND WORD...
  trap : HUP INT QUIT PIPE TERM
  (
    ignore_signals
    exec "$@"
  ) &
  child=$!
  end_after 120 "$child" &
  WAITED=$!
  wait "$child"
  result=$?
  while [ -z "$SIGNALLED" ] && kill -0 "$child" 2>/dev/null; do
    SIGNALLED=yes
    wait "$child"
    result=$?
  done
  ignore_signals
  # A wait that was cut short leaves the child, which ignores all other signals.
  ! kill -9 "$child" 2>/dev/null || complain "'$*' did not end and was stopped."
  return "$result"
}

# Holds no output open, and ends by itself when the process has ended.
end_after() { # SECONDS PID
  exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
  ignore_signals
  seconds=$1
  while kill -0 "$2"; do
    [ "$seconds" -gt 0 ] || kill -9 "$2"
    seconds=$((seconds - 1))
    sleep 1
  done
}

# The command that was being waited for when a signal came. \`$!\` is known before any trap can run.
end_child() {
  case $WAITED in "\${!:-}" | nothing) return 0 ;; esac
  child=$!
  kill "$child" 2>/dev/null || return 0
  end_after 5 "$child" &
  WAITED=$!
  wait "$child" 2>/dev/null
}

# --- Output ---

# The terminal may be gone at any moment (\`ssh HOST sudo sh install.sh\`, \`install.sh | head\`). A program that writes to it then
# fails: "iotedge" panics, so that it neither stops nor starts the services. From the first change on everything is written to
# pipes that are always read. What reads them goes on when the terminal is gone. The script itself holds them open for reading too.
from_here_on() {
  [ -z "$PIPED" ] || return 0
  output=$LOCK/output errors=$LOCK/errors
  rm -f -- "$output" "$errors"
  # shellcheck disable=SC2094 # a pipe
  { mkfifo -- "$output" "$errors" && exec 3>&1 4>&2 5<>"$output" 7<>"$errors" 6<"$output" 8<"$errors"; } ||
    stop_at "cannot make $output: see above. Is the file system read-only or full?"
  rm -f -- "$output" "$errors"
  WAITED=nothing # these two are not to be ended by a signal
  pass_on 6 3 &
  pipes=$!
  pass_on 8 4 &
  exec >&5 2>&7 6<&- 8<&-
  PIPED="$pipes $!" WAITED=$!
}

# With "exec" it has no other end of any pipe, so that it ends with the script in any case.
pass_on() { # FROM TO
  exec <&"$1" >&"$2" 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
  ignore_signals
  while IFS= read -r text && [ "$text" != "$END_OF_OUTPUT" ]; do
    printf '%s\\n' "$text"
  done
}

# Until everything is shown that was said.
to_terminal() {
  [ -n "$PIPED" ] || return 0
  say "$END_OF_OUTPUT"
  say "$END_OF_OUTPUT" >&2
  exec >&3 2>&4 3>&- 4>&- 5>&- 7>&-
  # shellcheck disable=SC2086 # two
  wait $PIPED
  PIPED=''
}

# --- The version of the device's runtime, and edgeAgent, which keeps what it was made with ---

# A device that went on to another version may keep the users and folders of the one before.
check_generation() {
  own='' other=''
  for folder in /etc /usr/lib /lib /usr/local/lib; do
    [ ! -f "$(inside "$folder/systemd/system/$SERVICE.service")" ] || own=yes
    [ ! -f "$(inside "$folder/systemd/system/$OTHER_SERVICE.service")" ] || other=yes
  done
  if [ -z "$own" ] && [ -n "$other" ]; then
    refuse "this bundle is for IoT Edge $RUNTIME, whose service is $SERVICE, and the device has $OTHER_SERVICE. $(right_version "the device's version")"
  fi
}

check_version() {
  has=$(iotedge --version 2>/dev/null | sed -n 's/^iotedge \\([0-9][0-9]*\\.[0-9][0-9]*\\).*/\\1/p')
  differ="the device has IoT Edge $has, and this bundle is for $RUNTIME"
  case $FORM:$has in
    *: | *:"$(say "$RUNTIME" | sed 's/^\\([0-9]*\\.[0-9]*\\).*/\\1/')") ;;
    yaml:1.[01]) complain "$differ. $(right_version "$has")" ;;
    yaml:* | toml:1.[01]) refuse "$differ, which reads another file. $(right_version "$has")" ;;
    *) complain "$differ: not all of its configuration may count. $(right_version "$has")" ;;
  esac
}

right_version() { say "Set runtime.version of $DEVICE in the manifest to $1, and get the bundle again."; }

# edged starts an edgeAgent that exists, and never compares it with the configuration: edgelet/aziot-edged/src/watchdog.rs,
# https://github.com/Azure/iotedge/issues/6231. 1.1 removes all containers after each change: check_settings_state in
# edgelet/iotedged/src/lib.rs.
remember_agent() {
  AGENT='' CONTAINER=''
  APPLIED=$(inside /etc/aziot/edged/config.d/00-super.toml)
  [ "$FORM" = toml ] && [ -f "$APPLIED" ] && AGENT=$(agent_parts) || return 0
  ask_agent || ANSWER=unknown
  CONTAINER=$ANSWER
}

# What edged makes edgeAgent of, as "iotedge config apply" writes it. The registry's password counts for the pull alone.
agent_parts() {
  awk '
    /^\\[/ {
      inside = /^\\[+(agent|connect|moby_runtime)[].]/ && !/^\\[+(agent[.]config[.]auth|moby_runtime[.]content_trust)[].]/
    }
    inside || /^hostname = /' "$APPLIED" | openssl dgst -sha256
}

ask_agent() { ask docker ps -aq --no-trunc -f "label=$EDGE_LABEL" -f 'name=^/?edgeAgent$'; }

# Where the container is another one by now, edged made it: it removes all after a change of the hub or the device id.
tell_agent() {
  { [ -n "$AGENT" ] && [ -n "$CONTAINER" ] && [ "$AGENT" != "$(agent_parts)" ]; } || return 0
  ask_agent || ANSWER=$CONTAINER
  case $CONTAINER in
    unknown | "$ANSWER") complain "edgeAgent keeps the image, the environment and the options that its container was made with, and the configuration has others now. To have it made again, type: sudo docker rm -f edgeAgent. IoT Edge makes it within a minute; the other modules go on running. The deployment in the hub must give edgeAgent the same environment, such as the proxy, or it goes back to its own." ;;
  esac
}

# --- Whether the services of the runtime run, and go on running ---

PROPERTIES=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,ExecMainStartTimestampMonotonic,Result,ExecMainStatus

# Sets $STATES: a line for each unit with its name and these properties, "-" for one without a value. systemd prints them in an
# order of its own, and has NRestarts from 235 on; CentOS 7 has 219. There, a new start time tells a restart.
ask_states() { # UNIT...
  ask systemctl show -p "$PROPERTIES" "$@" || return 1
  STATES='' line=''
  no_properties
  while IFS= read -r line; do
    value=\${line#*=}
    case \${value:+$line} in
      LoadState=*) load=$value ;;
      ActiveState=*) active=$value ;;
      SubState=*) sub=$value ;;
      UnitFileState=*) enabled=$value ;;
      MainPID=*) pid=$value ;;
      NRestarts=*) restarts=$value ;;
      ExecMainStartTimestampMonotonic=*) since=$value ;;
      Result=*) result=$value ;;
      ExecMainStatus=*) status=$value ;;
    esac
    # An empty line stands between two units.
    if [ -z "$line" ] && [ "$load$active" != -- ] && [ $# -gt 0 ]; then
      STATES="\${STATES:+$STATES
}$1 $load $active $sub $enabled $pid $restarts $since $result $status"
      no_properties
      shift
    fi
  done <<END
$ANSWER

END
  [ -n "$STATES" ]
}

no_properties() { load=- active=- sub=- enabled=- pid=- restarts=- since=- result=- status=-; }

# The answer of a program into $ANSWER. It may hang: a shell handles a signal only after \`$(...)\`, and at once in \`wait\`.
ask() { # COMMAND...
  if [ -z "\${CLAIM-}" ]; then
    ANSWER=$("$@")
  else
    waiting "$@" >"$CLAIM"
    ended=$?
    ANSWER=''
    while IFS= read -r line; do
      ANSWER="$ANSWER$line
"
    done <"$CLAIM"
    return "$ended"
  fi
}

# A service runs if it is in the same process at each look across 15 seconds. One look proves nothing: systemd starts a dead daemon
# again, up to 1.1 after 0.1 seconds, later after 5 seconds (Restart=on-failure, RestartSec= of iotedge.service and aziot-*.service).
# A daemon that starts late has two more looks, 10 seconds, for itself.
stays_up() {
  step=$(((SECONDS_UP + 2) / 3)) look=0 last=3 SEEN=''
  while look_again; do
    [ "$look" -lt "$last" ] || return 0
    look=$((look + 1))
    [ "$step" = 0 ] || waiting sleep "$step"
  done
  return 1
}

look_again() {
  # shellcheck disable=SC2086 # a list
  if ! ask_states $DAEMONS; then
    complain "systemctl does not say whether $SERVICE runs. Type: systemctl status $SERVICE"
    return 1
  fi
  while read -r unit _ active sub _ pid restarts since result status; do
    judge || return 1
  done <<END
$STATES
END
}

# edged stays active while another daemon fails, so all are judged. Its socket starts a daemon when somebody asks it; until then it
# is inactive. tpmd is not judged: a device with certificates does not ask it.
judge() {
  now="$unit=$pid/$restarts/$since" what=''
  case $active/$sub/$SEEN in
    active/*" $now "* | reloading/*" $now "*) return ;;
    active/*" $unit="* | reloading/*" $unit="*) what='does not stay up: it ended, and systemd started it again' ;;
    active/* | reloading/*) notice ;;
    activating/auto-restart*) what='does not stay up: it ended, and systemd starts it again' ;;
    failed/*) what="failed ($result, exit status $status$(cause "$status"))" ;;
    inactive/*" $unit="*) what='ended' ;;
    inactive/*) [ "$unit" != "$SERVICE" ] || what='is not active' ;;
    *) what="is $active ($sub)" ;;
  esac
  [ -z "$what" ] || unwell "$what"
}

notice() {
  SEEN="$SEEN $now "
  [ "$look" = 0 ] || [ "$last" -gt $((look + 1)) ] || last=$((look + 2))
}

# RestartPreventExitStatus=153 of both services: systemd does not start it again until somebody does.
cause() { [ "$1" != 153 ] || say ': it cannot read its configuration'; }

# Says it with the end of the daemon's journal, and fails.
unwell() { # WHAT
  complain "$unit $1. The end of its journal:"
  ask journalctl -u "$unit" -n 10 --no-pager
  say "$ANSWER" | without_secrets >&2
  return 1
}

# --- The services of the runtime: what they are before, whether anything is to do, the restart ---

# Sets $RAN, the units that run before anything changes. They run again after a failure, and no others. A run that was cut off
# may have stopped them: then the mark says which ran before it.
look_at_services() {
  now_running='' DISABLED=''
  [ -n "$RESTART" ] || return 0
  # shellcheck disable=SC2086 # lists
  if ! ask_states $DAEMONS $SOCKETS; then
    refuse "systemctl does not say whether $SERVICE runs: see above. This needs systemd as the system's first process. To install into an image, type: sudo sh install.sh --root DIR"
    return
  fi
  while read -r unit load active _ enabled _; do
    case $active in active | activating | reloading) now_running="$now_running $unit" ;; esac
    [ "$enabled" != disabled ] || DISABLED="$DISABLED $unit"
    case $load:$unit in
      # "iotedge config apply" says "Done." all the same: start in aziotctl/aziotctl-common/src/system/restart.rs.
      masked:*) refuse "$unit is masked, so systemd does not start it. Type: sudo systemctl unmask $unit" ;;
      not-found:"$SERVICE") refuse "systemd has no service $SERVICE, which IoT Edge $RUNTIME brings. Type: $INSTALL $PACKAGE" ;;
    esac
  done <<END
$STATES
END
  [ "$STATE" = back ] || RAN=$now_running
  tell_disabled
}

# The sockets of the other daemons start them. Those of the service itself are started by it.
tell_disabled() {
  boot=''
  for unit in $DAEMONS; do
    case $unit in
      "$SERVICE") case " $DISABLED " in *" $unit "*) boot="$boot $unit" ;; esac ;;
      *) case " $DISABLED " in *" $unit "*" $unit.socket "*) boot="$boot $unit.socket" ;; esac ;;
    esac
  done
  [ -z "$boot" ] || complain "disabled, so not started when the device boots:$boot. Type: sudo systemctl enable$boot"
}

# All files are as wanted. Do the services run, with this configuration?
services_as_wanted() {
  [ -n "$RESTART" ] || return 0
  if ! applied; then
    say "$CONFIG was never applied, or was changed after that."
    return 1
  fi
  [ -z "$DRY_RUN" ] || SECONDS_UP=0
  stays_up
}

# From 1.2 on the daemons read what "iotedge config apply" makes of the configuration. 1.1 reads it when it starts.
applied() {
  if [ "$FORM" = yaml ]; then
    ! since=$(started_at) || [ "$(changed "$CONFIG")" -le "$since" ]
    return
  fi
  for daemon in keyd certd identityd edged; do
    made=$(inside "/etc/aziot/$daemon/config.d/00-super.toml")
    { [ -e "$made" ] && [ "$(changed "$CONFIG")" -le "$(changed "$made")" ]; } || return 1
  done
}

# In seconds since 1970. The change of its state counts too: a copy may keep the old date of its content.
changed() { stat -c %Z -- "$1"; }

# Two seconds after the service's process started, if it can be known. proc(5): field 22 of its stat is in ticks, a hundredth of a
# second each, since the boot. The second field may hold spaces and brackets.
started_at() {
  process=$(say "$STATES" | awk -v unit="$SERVICE" '$1 == unit { print $6 }')
  [ -z "$ROOT" ] && [ -r "/proc/$process/stat" ] || return 1
  { sed 's/.*) //' "/proc/$process/stat" && cat /proc/uptime; } |
    awk -v now="$(date +%s)" 'NR == 1 { ticks = $20 } NR == 2 { printf "%.0f\\n", now - $1 + ticks / 100 + 2 }'
}

restart() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload || return 1
  forget_failures
  remember_agent
  if [ "$FORM" = yaml ]; then waiting systemctl restart iotedge; else waiting iotedge config apply -c "$CONFIG"; fi || return 1
  stays_up || return 1
  tell_agent
}

# A unit that failed before stays so until it starts, and its starts count: systemd refuses the sixth within 10 seconds.
forget_failures() {
  failed=''
  # shellcheck disable=SC2086 # lists
  ask_states $DAEMONS $SOCKETS || return 0
  while read -r unit _ active _; do
    [ "$active" != failed ] || failed="$failed $unit"
  done <<END
$STATES
END
  # shellcheck disable=SC2086 # a list
  [ -z "$failed" ] || waiting systemctl reset-failed $failed
}

# After a failure, with the old files. All daemons of 1.2 and later are stopped by now.
restart_old() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload
  forget_failures
  case "$FORM $RAN " in
    yaml*" $SERVICE "*) waiting systemctl restart "$SERVICE" ;;
    toml*" $SERVICE "*) waiting iotedge system restart ;;
    *)
      [ "$FORM" = toml ] || waiting systemctl stop "$SERVICE"
      # shellcheck disable=SC2086 # a list
      [ -z "$RAN" ] || waiting systemctl start $RAN
      ;;
  esac
}

# Of a run that failed.
outcome() {
  if [ -n "$SAME" ]; then
    say "The files of $DEVICE are in place, and $SERVICE does not run with them."
  else
    say "$DEVICE is not installed.\${BACK:+ The old files are back.}"
  fi
}

main "$@"
}
`.replace(`#SETTINGS#
`,()=>l({DEVICE:t,RUNTIME:n.text,INSTALL:e.platform===`debian`?`sudo apt-get install`:`sudo yum install`,THUMBPRINTS:e.thumbprints.join(` `),CERTIFICATE_PATH:e.certificate,PRIVATE_KEY_PATH:e.privateKey??``,EDGE_CA_CERTIFICATE:e.edgeCa?.certificate??``,EDGE_CA_KEY:e.edgeCa?.privateKey??``,TRUST_BUNDLE:e.trustBundle??``,MODULE:g?.library??``,MODULE_TOKENS:g?.tokens.join(`
`)??``,MODULE_SLOTS:g?.slots.join(`
`)??``,HOST_NAME:i,HOST_ADDRESS:r.Bt(i)?`yes`:``,NAME_LINE:a?.line??``,NAME_BEFORE:a?.before??``,NAME_AFTER:a?.after??``,RENAMING_REFUSED:_||n.major===1&&n.minor<3?``:`yes`,CONFIG_SHA256:h.configuration,CARRIED:h.certificate===void 0?``:`identity-certificate.pem`,CARRIED_SHA256:h.certificate??``,PROXY:o===void 0?``:d(o),PROXY_MARK:u,SECRET_NAMES:f.map(p).join(`
`),SECRET_LINES:f.map(m).join(`
`),SECRET_PLACEHOLDERS:f.map(({placeholder:e})=>e).join(`
`),SECRET_ENCODINGS:f.map(({encoding:e})=>e).join(`
`),..._?s:c}))}const s={FORM:`yaml`,SERVICE:`iotedge`,OTHER_SERVICE:`aziot-edged`,PACKAGE:`iotedge`,DAEMONS:`iotedge`,SOCKETS:`iotedge.socket iotedge.mgmt.socket`,UNITS:`iotedge`,LOGS:`journalctl -u iotedge`,HAZARD:``,CONFIG:`/etc/iotedge/config.yaml`,CONFIG_USER:`iotedge`,CONFIG_UNIT:`iotedge`,CONFIG_MODE:`400`,CERTIFICATE_USER:`iotedge`,CERTIFICATE_UNIT:`iotedge`,CERTIFICATE_MODE:`444`,KEY_USER:`iotedge`,KEY_UNIT:`iotedge`,KEY_MODE:`400`},c={FORM:`toml`,SERVICE:`aziot-edged`,OTHER_SERVICE:`iotedge`,PACKAGE:`aziot-edge`,DAEMONS:`aziot-edged aziot-identityd aziot-certd aziot-keyd`,SOCKETS:`aziot-edged.mgmt.socket aziot-edged.workload.socket aziot-identityd.socket aziot-certd.socket aziot-keyd.socket`,UNITS:`aziot-edged aziot-identityd`,LOGS:`iotedge system logs`,HAZARD:` Put this right before anything else: where the certificate cannot be read, IoT Edge 1.3 and later delete the key pair.`,CONFIG:`/etc/aziot/config.toml`,CONFIG_USER:`root`,CONFIG_UNIT:``,CONFIG_MODE:`600`,CERTIFICATE_USER:`aziotcs`,CERTIFICATE_UNIT:`aziot-certd`,CERTIFICATE_MODE:`644`,KEY_USER:`aziotks`,KEY_UNIT:`aziot-keyd`,KEY_MODE:`600`};function l(e){return Object.entries(e).map(([e,t])=>{if(t.includes(`\0`))throw Error(`${e} holds a NUL, which no setting of the installer can`);let n=`${e}='${t.replaceAll(`'`,`'\\''`)}'\n`;return/[$`]/.test(t)?`# shellcheck disable=SC2016 # it is not this shell's to expand\n${n}`:n}).join(``)}const u=`# Placed by install.sh of the device bundle, which replaces and removes it.`;function d({https:e,noProxy:t}){let n=[u,`[Service]`,`Environment=${f(`https_proxy=${e}`)}`];return t!==void 0&&n.push(`Environment=${f(`no_proxy=${t}`)}`),`${n.join(`
`)}\n`}function f(e){return`"${e.replace(/["\\]/g,`\\$&`).replaceAll(`%`,`%%`).replace(/[\x01-\x1f\x7f]/g,e=>`\\x${e.charCodeAt(0).toString(16).padStart(2,`0`)}`)}"`}function p({variable:e}){if(!/^IOTEDGE_[A-Za-z0-9_]+$/.test(e))throw Error(`"${e}" is no variable IOTEDGE_\u2026`);return e}function m({variable:e,line:t,placeholder:n}){if(n===``||!t.includes(n)||t.includes(`
`))throw Error(`the place of ${e} is no line with its placeholder`);return t}function h(e,t,n){let r=Object.entries(g(e,t,n)).map(([e,t])=>`$${e} = ${t}\r\n`),i=`#Requires -Version 5.1\r
#Requires -RunAsAdministrator\r
<#\r
.SYNOPSIS\r
Installs this bundle on its Azure IoT Edge device with Windows. In Windows PowerShell, as administrator, type:\r
powershell -ExecutionPolicy Bypass -File .\\Initialize-IoTEdge.ps1\r
.DESCRIPTION\r
Nothing is touched before everything has been checked. A new device is set up by Microsoft's Initialize-IoTEdge; then, and\r
on a device that is set up already, certificate and configuration are replaced and the service iotedge is restarted. When\r
that fails the old files come back; when it goes well they stay as <file>.before-install. The private key is not changed.\r
Add -WhatIf to see what would be done.\r
.PARAMETER Proxy\r
The proxy for the download of Microsoft's script. Without it, the one of the bundle, if any.\r
#>\r
[CmdletBinding(SupportsShouldProcess)]\r
param([string] $Proxy)\r
\r
#SETTINGS#\r
Set-StrictMode -Version 2\r
$ErrorActionPreference = 'Stop'\r
$serviceKey = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\iotedge'\r
$configuration = "$env:ProgramData\\iotedge\\config.yaml"\r
$faults = New-Object System.Collections.Generic.List[string]\r
\r
# Checks. They use .NET, where [ and ] in a path are not wildcards.\r
if (-not (Get-Service iotedge -ErrorAction SilentlyContinue)) {\r
    $faults.Add("IoT Edge $Runtime is not installed. Type: . { Invoke-WebRequest -UseBasicParsing https://aka.ms/iotedge-win } | Invoke-Expression; Deploy-IoTEdge -ContainerOs $ContainerOs")\r
}\r
if ($BundledConfiguration -and $env:ProgramData -ne 'C:\\ProgramData') {\r
    $faults.Add("ProgramData is $env:ProgramData, expected C:\\ProgramData, which the configuration names.")\r
}\r
$source = if ($BundledCertificate) { Join-Path $PSScriptRoot $BundledCertificate } else { $Certificate }\r
$bundled = if ($BundledConfiguration) { Join-Path $PSScriptRoot $BundledConfiguration }\r
foreach ($file in @($source, $PrivateKey, $bundled, $EdgeCaCertificate, $EdgeCaPrivateKey, $TrustBundle, $SecurityDaemonScript)) {\r
    if ($file -and -not [IO.File]::Exists($file)) { $faults.Add("$file is missing. Put it there.") }\r
}\r
$chain = @()\r
if ([IO.File]::Exists($source)) {\r
    # The .NET of Windows PowerShell cannot read PEM.\r
    $chain = @([regex]::Matches([IO.File]::ReadAllText($source), '-----BEGIN CERTIFICATE-----([^-]+)-----END') | ForEach-Object {\r
            New-Object Security.Cryptography.X509Certificates.X509Certificate2 (, [Convert]::FromBase64String($_.Groups[1].Value))\r
        })\r
    if ($chain.Count -eq 0) { $faults.Add("$source holds no certificate in PEM form. Convert it: openssl x509 -inform DER -in FILE -out FILE.pem") }\r
}\r
if ($chain.Count -gt 0) {\r
    $leaf = $chain[0]\r
    $name = $leaf.GetNameInfo('SimpleName', $false)\r
    $sha256 = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($leaf.RawData)).Replace('-', '')\r
    if (-not $name.Equals($DeviceId)) { $faults.Add("$source is of CN '$name', expected '$DeviceId'. Use the certificate of this device.") }\r
    if ($Thumbprints -notcontains $leaf.Thumbprint -and $Thumbprints -notcontains $sha256) {\r
        $faults.Add("$source has the thumbprint $sha256 (SHA-1 $($leaf.Thumbprint)), which the hub would refuse; registered are $($Thumbprints -join ', '). Use a registered certificate.")\r
    }\r
    if ((Get-Date) -lt $leaf.NotBefore -or (Get-Date) -gt $leaf.NotAfter) {\r
        $faults.Add("$source is valid from $($leaf.NotBefore) to $($leaf.NotAfter), and the clock here says $(Get-Date). Renew it, or set the clock.")\r
    }\r
}\r
if ([IO.File]::Exists($PrivateKey) -and [IO.File]::ReadAllText($PrivateKey) -notmatch '-----BEGIN (RSA )?PRIVATE KEY-----(?!\\s*Proc-Type)') {\r
    $faults.Add("$PrivateKey is no RSA key in PEM form without a passphrase. Convert it: openssl rsa -in KEY -out NEW_KEY")\r
}\r
\r
# The host name: the configuration has the manifest's; else it gets the one that the device has, else the machine's, as\r
# Initialize-IoTEdge does. The daemon and both scripts write it in one of these forms.\r
$hostName = ''\r
if ($NameLine -and [IO.File]::Exists($configuration)) {\r
    $present = [IO.File]::ReadAllText($configuration)\r
    $form = '(?m)^hostname:(?:[ \\t]+(?:"(?<text>(?:[^"\\\\\\r\\n]|\\\\["\\\\])*)"|''(?<line>(?:[^''\\r\\n]|'''')*)''|(?<plain>[A-Za-z0-9][A-Za-z0-9._-]*)))?[ \\t]*(?:[ \\t]#[^\\r\\n]*)?\\r?$'\r
    $found = @([regex]::Matches($present, $form))\r
    if ($found.Count -gt 1 -or ($found.Count -eq 0 -and [regex]::IsMatch($present, '(?m)^[^#\\r\\n]*\\bhostname["'']?[ \\t]*:'))) {\r
        $faults.Add("The host name in $configuration cannot be read from it, expected the name in quotes on one line. It must stay what it is: write it into the manifest (config.hostname of $DeviceId), and get the bundle again.")\r
    }\r
    elseif ($found.Count -eq 1) {\r
        $groups = $found[0].Groups\r
        $hostName = [regex]::Replace($groups['text'].Value, '\\\\(.)', '$1') + $groups['line'].Value.Replace("''", "'") + $groups['plain'].Value\r
    }\r
}\r
if ($hostName -match '^\\s*(<.*>)?\\s*$') { $hostName = [Net.Dns]::GetHostName() }\r
if ($faults.Count -gt 0) { throw ($faults -join "\`n") + "\`nNothing was changed." }\r
\r
# The wanted state, and the changes that lead to it.\r
$password = ''\r
if ($RegistryPasswordFrom) {\r
    $password = [Environment]::GetEnvironmentVariable($RegistryPasswordFrom)\r
    if (-not $password) {\r
        $typed = Read-Host -AsSecureString "Password of $RegistryUsername for the registry ($RegistryPasswordFrom)"\r
        $password = (New-Object Net.NetworkCredential ('', $typed)).Password\r
    }\r
    if (-not $password) { throw "The secret $RegistryPasswordFrom is empty. Nothing was changed." }\r
}\r
$wanted = [ordered]@{}\r
if ($BundledCertificate) { $wanted[$Certificate] = [IO.File]::ReadAllText($source) }\r
if ($BundledConfiguration) {\r
    $wanted[$configuration] = [IO.File]::ReadAllText($bundled)\r
    if ($NameLine) {\r
        $wanted[$configuration] = $wanted[$configuration].Replace($NameLine, $NameBefore + $hostName.Replace('\\', '\\\\').Replace('"', '\\"') + $NameAfter)\r
    }\r
    # Without a secret, "\${}" is ordinary text.\r
    if ($RegistryPasswordFrom) {\r
        $wanted[$configuration] = $wanted[$configuration].Replace("\`"\`\${$RegistryPasswordFrom}\`"", (ConvertTo-Json $password))\r
    }\r
}\r
# With Linux containers, only Microsoft's script knows the addresses at which modules reach the daemon.\r
$initializes = -not $BundledConfiguration -or -not [IO.File]::Exists($configuration)\r
$changed = @($wanted.Keys | Where-Object { -not [IO.File]::Exists($_) -or -not $wanted[$_].Equals([IO.File]::ReadAllText($_)) })\r
$environment = @((Get-ItemProperty $serviceKey).PSObject.Properties | Where-Object { $_.Name -eq 'Environment' } | ForEach-Object { $_.Value })\r
$proxies = @(if ($HttpsProxy) { "https_proxy=$HttpsProxy" }; if ($NoProxy) { "no_proxy=$NoProxy" })\r
$newEnvironment = $environment\r
if ($proxies.Count -gt 0) { $newEnvironment = @($environment | Where-Object { $_ -notmatch '^(https|no)_proxy=' }) + $proxies }\r
$environmentChanges = ($environment -join "\`n") -cne ($newEnvironment -join "\`n")\r
if (-not ($initializes -or $changed.Count -gt 0 -or $environmentChanges)) { return "$DeviceId is installed already, nothing to do." }\r
\r
$steps = @($changed | ForEach-Object { "replace $_" })\r
if ($environmentChanges) { $steps += "set $serviceKey Environment" }\r
if ($initializes) { $steps += 'call Initialize-IoTEdge' }\r
if (-not $PSCmdlet.ShouldProcess($DeviceId, ($steps + 'restart the service iotedge') -join ', ')) { return }\r
\r
if ($initializes) {\r
    $daemonScript = $SecurityDaemonScript\r
    if (-not $daemonScript) {\r
        $daemonScript = Join-Path $env:TEMP 'IotEdgeSecurityDaemon.ps1'\r
        $download = @{ Uri = 'https://aka.ms/iotedge-win'; OutFile = $daemonScript; UseBasicParsing = $true }\r
        if ($Proxy -or $HttpsProxy) { $download.Proxy = if ($Proxy) { $Proxy } else { $HttpsProxy } }\r
        # https://github.com/MicrosoftDocs/azure-docs/issues/95876\r
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12\r
        Invoke-WebRequest @download\r
    }\r
    . $daemonScript\r
    $initialize = Get-Command Initialize-IoTEdge -CommandType Function\r
}\r
\r
# Microsoft's script puts values between single quotes of YAML by -replace, where $ refers to the match.\r
function Protect-Value([string] $Value) { $Value.Replace("'", "''").Replace('$', '$$') }\r
\r
function Set-ServiceEnvironment([string[]] $Lines) {\r
    if ($Lines) { Set-ItemProperty $serviceKey -Name Environment -Type MultiString -Value $Lines }\r
    else { Remove-ItemProperty $serviceKey -Name Environment -ErrorAction SilentlyContinue }\r
}\r
\r
$had = @{}\r
foreach ($file in @($changed; if ($initializes) { $configuration })) {\r
    $had[$file] = [IO.File]::Exists($file)\r
    if ($had[$file]) { [IO.File]::Copy($file, "$file.before-install", $true) }\r
}\r
try {\r
    Stop-Service iotedge\r
    [void] [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Certificate))\r
    if ($BundledCertificate) { [IO.File]::WriteAllText($Certificate, $wanted[$Certificate]) }\r
    # Windows takes the chain for the hub from this store: https://github.com/Azure/iotedge/pull/2644\r
    $store = New-Object Security.Cryptography.X509Certificates.X509Store ('CA', 'LocalMachine')\r
    $store.Open('ReadWrite')\r
    $chain | Select-Object -Skip 1 | Where-Object { $_.Subject -ne $_.Issuer } | ForEach-Object { $store.Add($_) }\r
    $store.Close()\r
    if ($environmentChanges) { Set-ServiceEnvironment $newEnvironment }\r
    if ($initializes) {\r
        # Initialize-IoTEdge refuses a device that has a configuration.\r
        [IO.File]::Delete($configuration)\r
        $arguments = @{\r
            ManualX509 = $true\r
            IotHubHostName = $HubHostName\r
            DeviceId = Protect-Value $DeviceId\r
            X509IdentityCertificate = Protect-Value $Certificate\r
            X509IdentityPrivateKey = Protect-Value $PrivateKey\r
            ContainerOs = $ContainerOs\r
            DynamicReprovisioning = $DynamicReprovisioning\r
            AgentImage = Protect-Value $AgentImage\r
        }\r
        if ($password) {\r
            $arguments.Username = Protect-Value $RegistryUsername\r
            $arguments.Password = ConvertTo-SecureString (Protect-Value $password) -AsPlainText -Force\r
        }\r
        # Initialize-IoTEdge takes all three or none. A bundled configuration has them already.\r
        if (-not $BundledConfiguration -and $TrustBundle) {\r
            $arguments.DeviceCACertificate = $EdgeCaCertificate\r
            $arguments.DeviceCAPrivateKey = $EdgeCaPrivateKey\r
            $arguments.DeviceTrustbundle = $TrustBundle\r
        }\r
        & $initialize @arguments\r
        if (-not [IO.File]::Exists($configuration)) { throw "Initialize-IoTEdge wrote no $configuration." }\r
    }\r
    if ($BundledConfiguration) {\r
        Stop-Service iotedge\r
        # Written into the existing file, which keeps its access rights.\r
        [IO.File]::WriteAllText($configuration, $wanted[$configuration])\r
    }\r
    Start-Service iotedge\r
    Start-Sleep -Seconds 5\r
    if ((Get-Service iotedge).Status -ne 'Running') { throw 'The service iotedge did not stay up.' }\r
}\r
catch {\r
    $failure = $_\r
    Stop-Service iotedge -ErrorAction SilentlyContinue\r
    foreach ($file in $had.Keys) {\r
        if ($had[$file]) { [IO.File]::Copy("$file.before-install", $file, $true) } else { [IO.File]::Delete($file) }\r
    }\r
    if ($environmentChanges) { Set-ServiceEnvironment $environment }\r
    if ([IO.File]::Exists($configuration)) { Start-Service iotedge -ErrorAction Continue }\r
    Write-Warning "$DeviceId is not installed; the old files are back. Look above, and at: Get-IoTEdgeLog"\r
    throw $failure\r
}\r
"$DeviceId is installed and running. Look at: iotedge check"\r
`.replace(`#SETTINGS#\r
`,()=>r.join(``));return y(i)?i:`\uFEFF${i}`}function g({device:e,thumbprints:t,certificates:n},i,{places:a,nameLine:o}){let{identity:s,config:c,runtime:l}=e;return{Runtime:v(l.version.text),DeviceId:v(e.id),HubHostName:v(i),Thumbprints:`@(${v(t.primary)}, ${v(t.secondary)})`,Certificate:_(a.certificate),PrivateKey:_(a.privateKey),BundledCertificate:v(n[s.slot]===void 0?void 0:`identity-certificate.pem`),BundledConfiguration:v(r.sn(e)?`config.yaml`:void 0),NameLine:v(o?.line.trimEnd()),NameBefore:v(o?.before),NameAfter:v(o?.after.trimEnd()),ContainerOs:v(l.containerOs===`linux`?`Linux`:`Windows`),DynamicReprovisioning:c.dynamicReprovisioning===!0?`$true`:`$false`,AgentImage:v(r.cn(e)),RegistryUsername:v(c.agent.registry?.username),RegistryPasswordFrom:v(c.agent.registry?.passwordFrom),EdgeCaCertificate:_(a.edgeCa?.certificate),EdgeCaPrivateKey:_(a.edgeCa?.privateKey),TrustBundle:_(a.trustBundle),HttpsProxy:v(c.proxy?.https),NoProxy:v(c.proxy?.noProxy),SecurityDaemonScript:v(l.securityDaemonScript)}}function _(e){return v(e?.path)}function v(e=``){if(e.includes(`\0`))throw Error(`a setting holds a NUL, which no setting of the script can`);return`'${e.replace(/['\u2018-\u201B]/g,`$&$&`)}'`}function y(e){return Buffer.byteLength(e)===e.length}function b({config:e},t,n){let i=e.pkcs11?.library??x(n),a=[t.privateKey.uri,t.edgeCa?.privateKey.uri,e.pkcs11?.baseSlot].flatMap(e=>{let t=e===void 0?`module-scheme`:r.zt(e);return typeof t==`string`?[]:[t]});if(i===void 0||/\p{Cc}/u.test(i)||a.length===0)return;let o=a.flatMap(({token:e})=>e===void 0||/\p{Cc}/u.test(e)?[]:[e]),s=a.flatMap(({slot:e})=>e===void 0?[]:[e.replace(`+`,``)]);return{library:i,tokens:[...new Set(o)],slots:[...new Set(s)]}}function x(e){if(e?.form!==`config.toml`)return;let t=e.root.entries.get(`aziot_keys`)?.value,n=t?.kind===`table`?t.entries.get(`pkcs11_lib_path`)?.value:void 0;return n?.kind===`text`&&typeof n.value==`string`?n.value:void 0}function S(e,t,{places:i,base:a}){let{device:o,certificates:s}=e,c=s[o.identity.slot],l=c===void 0?[]:[{name:`identity-certificate.pem`,text:c.pem}],u=()=>T(e,t,{places:i,base:a});if(o.runtime.platform===`windows`){let a=C(`Initialize-IoTEdge.ps1`,()=>h(e,t,{places:i,nameLine:r.sn(o)?n.r(u()):void 0}));return r.sn(o)?[C(`config.yaml`,u),...l,a]:[...l,a]}let d=r.an(o.runtime.version)===`aziot`?C(`config.toml`,()=>E(e,t,{places:i,base:a})):C(`config.yaml`,u),f=C(`install.sh`,()=>D(e,d,{places:i,base:a}));return[d,...l,f]}function C(e,t){return new w(e,t)}var w=class{name;#e;constructor(e,t){this.name=e,this.#e=t}get text(){return this.#e()}};function T({device:t},n,{places:r,base:a}){return a===void 0?i.a(t,n,r):e.n(a,t,n,r)}function E({device:t},n,{places:r,base:i}){return i===void 0?e.i(t,n,r):e.n(i,t,n,r)}function D({device:e,thumbprints:i,certificates:a},s,{places:c,base:l}){let{proxy:u}=e.config,{edgeCa:d}=c,{platform:f}=e.runtime;if(f===`windows`)throw Error(`device "${e.id}" has no shell for the installer`);let p=a[e.identity.slot],{text:m}=s;return o({device:e.id,version:e.runtime.version,platform:f,thumbprints:[i.primary,i.secondary],certificate:O(c.certificate,e),privateKey:c.privateKey.path,...d===void 0?{}:{edgeCa:{certificate:O(d.certificate,e),privateKey:d.privateKey.path}},...c.trustBundle===void 0?{}:{trustBundle:c.trustBundle.path},module:b(e,c,l),sha256:{configuration:k(m),...p===void 0?{}:{certificate:k(p.pem)}},hostname:e.config.hostname??(l&&t.t(l)),nameLine:n.r(m),...u===void 0?{}:{proxy:u},secrets:r.Nt(m,e)})}function O({path:e,uri:t},n){if(e===void 0)throw Error(`the certificate ${t} of device "${n.id}" has no path`);return e}function k(e){return(0,a.createHash)(`sha256`).update(e).digest(`hex`)}exports.filesOf=S;