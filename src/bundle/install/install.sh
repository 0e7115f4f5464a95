#!/bin/sh
# Installs this bundle on its Azure IoT Edge device: sudo sh install.sh
#
# Nothing is touched before everything has been checked. Then the configuration (secrets filled in from the environment),
# the certificate and the proxy's drop-ins are placed, each by one rename, and the runtime is restarted. When that fails,
# or the script is stopped, the old files come back; when it goes well they stay as <file>.before-install. What a power cut
# leaves is put back by the next run.
# Of the private key only owner and mode are set: its content is neither changed nor copied nor shown.
#SETTINGS#
set -u
umask 077
export LC_ALL=C
unset CDPATH

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
  if [ "$FAULTS" -gt 0 ]; then
    complain 'Nothing was changed.'
    exit 1
  fi
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

# --- Checks: they change nothing ---

check_programs() {
  for program in openssl:openssl awk:mawk sed:sed grep:grep cmp:diffutils stat:coreutils mktemp:coreutils readlink:coreutils sync:coreutils; do need "$program"; done
  [ -z "$RESTART" ] || for program in systemctl:systemd iotedge:"$PACKAGE"; do need "$program"; done
}

need() { # PROGRAM:PACKAGE
  command -v "${1%%:*}" >/dev/null || refuse "the program ${1%%:*} is missing. Type: sudo apt-get install ${1#*:}"
}

# Owners as numbers: those of another root's users are not this machine's.
find_runtime() {
  CONFIG_NAME=${CONFIG##*/} CONFIG=$ROOT$CONFIG
  if ! CONFIG_OWNER=$(owner "$CONFIG_USER") || ! CERTIFICATE_OWNER=$(owner "$CERTIFICATE_USER") ||
    ! KEY_OWNER=$(owner "$KEY_USER") || [ ! -d "${CONFIG%/*}" ]; then
    refuse "IoT Edge $RUNTIME is not installed: expected the users $CERTIFICATE_USER and $KEY_USER and the folder ${CONFIG%/*}. Type: sudo apt-get install $PACKAGE"
  fi
  ROOT_OWNER=$(owner root) || ROOT_OWNER=0:0
  [ ! -L "$CONFIG" ] || follow_link
  MARK=$CONFIG.installing
}

# The configuration may lie on another partition. Absolute links of an image are meant within it.
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

owner() { # USER
  if [ -n "$ROOT" ]; then
    awk -F: -v user="$1" '$1 == user { print $3 ":" $4; found = 1; exit } END { exit !found }' "$ROOT/etc/passwd" 2>/dev/null
  else
    uid=$(id -u "$1" 2>/dev/null) && printf '%s:%s\n' "$uid" "$(id -g "$1")"
  fi
}

check_material() {
  HERE=$(cd -- "$(dirname -- "$0")" && pwd)
  BUNDLED=$HERE/$CONFIG_NAME
  placed=$ROOT$CERTIFICATE_PATH key=$ROOT$PRIVATE_KEY_PATH certificate=$ROOT$CERTIFICATE_PATH
  [ -z "$CARRIED" ] || certificate=$HERE/$CARRIED
  [ -r "$BUNDLED" ] || refuse "$BUNDLED cannot be read, expected the device's configuration beside this script. Copy the whole bundle here."
  as_rendered "$BUNDLED" "$CONFIG_SHA256"
  [ -z "$CARRIED" ] || as_rendered "$certificate" "$CARRIED_SHA256"
  [ "$FAULTS" = 0 ] || return
  check_certificate
  [ -z "$PRIVATE_KEY_PATH" ] || check_key
  check_secrets
}

as_rendered() { # FILE SHA-256: a missing file is reported where it is needed
  [ -f "$1" ] && [ -r "$1" ] || return 0
  is=$(openssl dgst -sha256 <"$1" | sed 's/.*= *//')
  [ "$is" = "$2" ] || refuse "$1 is not as it was rendered for $DEVICE: its SHA-256 is $is, expected $2. Get the bundle again."
}

check_certificate() {
  public=''
  if [ ! -f "$certificate" ] || [ ! -r "$certificate" ]; then
    refuse "the certificate $certificate is missing or cannot be read, expected the one of $DEVICE. Copy it there.$HAZARD"
    return
  fi
  public=$(openssl x509 -inform PEM -in "$certificate" -noout -pubkey 2>/dev/null) || {
    refuse "$certificate is no certificate in PEM form. Convert it: openssl x509 -inform DER -in FILE -out FILE.pem.$HAZARD"
    return
  }
  # One name a line: of several in one RDN, " + " is between them, and a plus in a name is "\+".
  cn=$(openssl x509 -in "$certificate" -noout -subject -nameopt sep_multiline,sname,utf8,esc_ctrl,esc_2253 |
    sed 's/ + /\
/g' | sed -n 's/^ *CN=//p' | sed 's/\\\([^0-9A-Fa-f]\)/\1/g')
  [ "$cn" = "$DEVICE" ] || refuse "$certificate is of CN '$cn', expected '$DEVICE'. Use the certificate of this device."
  sha1=$(thumbprint sha1) sha256=$(thumbprint sha256)
  case " $(printf %s "$THUMBPRINTS" | tr a-f A-F) " in
    *" $sha1 "* | *" $sha256 "*) ;;
    *) refuse "$certificate has the thumbprint $sha256 (SHA-1 $sha1), which the hub would refuse; registered are $THUMBPRINTS. Use a registered certificate, or register this one and get the bundle again." ;;
  esac
  openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null ||
    refuse "$certificate is expired ($(openssl x509 -in "$certificate" -noout -enddate); the clock here says $(date -u)). Renew it, or set the clock."
  from=$(openssl x509 -in "$certificate" -noout -startdate |
    awk '{ split($0, t, /[= ]+/); gsub(/:/, "", t[4]); printf "%04d%02d%02d%s", t[5], (index("JanFebMarAprMayJunJulAugSepOctNovDec", t[2]) + 2) / 3, t[3], t[4] }')
  [ "$from" -le "$(date -u +%Y%m%d%H%M%S)" ] ||
    refuse "$certificate is not valid yet ($(openssl x509 -in "$certificate" -noout -startdate); the clock here says $(date -u)). Wait, or set the clock."
}

thumbprint() { # ALGORITHM
  openssl x509 -in "$certificate" -noout -fingerprint "-$1" | sed 's/.*=//; s/://g'
}

check_key() {
  if [ ! -f "$key" ] || [ ! -r "$key" ]; then
    refuse "the private key $key is missing or cannot be read, expected the key of the certificate. Put it there.$HAZARD"
  elif grep -q ENCRYPTED "$key"; then
    refuse "the private key $key has a passphrase, which IoT Edge cannot type. Take it off: openssl pkey -in KEY -out NEW_KEY"
  elif ! of_key=$(openssl pkey -inform PEM -in "$key" -passin pass: -pubout 2>/dev/null </dev/null); then
    refuse "$key is no private key in PEM form. Convert it: openssl pkey -in KEY -out NEW_KEY"
  elif [ -n "$public" ] && [ "$public" != "$of_key" ]; then
    refuse "the private key $key does not belong to $certificate. Put the certificate's own key there.$HAZARD"
  fi
}

check_secrets() {
  for name in $(say "$SECRET_NAMES" | sort -u); do
    case $(form_of "$name") in
      missing) refuse "the secret $name is not set. Type: read -r $name; export $name; sudo --preserve-env=$(say "$SECRET_NAMES" | sort -u | paste -s -d , -) sh install.sh" ;;
      broken) refuse "the secret $name holds a line break or another control character, expected one line of text. Set it again." ;;
    esac
  done
  [ "$FAULTS" -gt 0 ] || config_text >/dev/null ||
    refuse "$BUNDLED has not all the lines that take a secret, expected the one rendered with this script. Get the bundle again."
}

form_of() ( # SECRET: not even "sh -x" shows it
  set +x
  eval "set -- \"\${$1-}\""
  case $1 in
    '') say missing ;;
    *[[:cntrl:]]*) say broken ;;
  esac
)

# --- What the files shall hold ---

# The bundle's configuration with the secrets in it. They go by the environment: a command line can be read by everyone.
config_text() {
  if [ -z "$SECRET_NAMES" ]; then
    cat -- "$BUNDLED"
    return
  fi
  NAMES=$SECRET_NAMES TEXTS=$SECRET_LINES MARKS=$SECRET_PLACEHOLDERS ENCODINGS=$SECRET_ENCODINGS awk '
    BEGIN {
      for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
      count = split(ENVIRON["NAMES"], name, "\n"); split(ENVIRON["TEXTS"], line, "\n")
      split(ENVIRON["MARKS"], mark, "\n"); split(ENVIRON["ENCODINGS"], encoding, "\n")
      for (i = 1; i <= count; i++) { missing[line[i] ""]; value[i] = encoded(ENVIRON[name[i]], encoding[i]) }
    }
    { whole = $0 ""; delete missing[whole]; print filled(whole) }
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
    }
    function encoded(text, form,   out, c, i) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (form == "uri" && c !~ /[A-Za-z0-9._~-]/) c = sprintf("%%%02X", code[c])
        if (form == "text" && (c == "\\" || c == "\"")) c = "\\" c
        out = out c
      }
      return out
    }' <"$BUNDLED"
}
certificate_text() { cat -- "$certificate"; }
proxy_text() { printf %s "$PROXY"; }

