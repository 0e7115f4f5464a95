require("./rolldown-runtime.js");const e=require("./device.js"),t=require("./hostname.js"),n=require("./own-name.js"),r=require("./core.js"),i=require("./yaml.js");let a=require("node:crypto");function o(e){let{device:t,version:n,hostname:i=``,nameLine:a,proxy:o,secrets:f,sha256:h}=e,g=n.major<1||n.major===1&&n.minor<2;return`#!/bin/sh
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
        [ -d "\${2:-}" ] || wrong_usage '--root needs a folder that is there'
        ROOT=$(cd -- "$2" && pwd) && shift
        ROOT=\${ROOT%/}
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

say() { printf '%s\\n' "$*"; }
complain() { printf 'install.sh: %s\\n' "$*" >&2; }
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
  command -v "\${1%%:*}" >/dev/null || refuse "the program \${1%%:*} is missing. Type: $INSTALL \${1#*:}"
}

# Owners as numbers: users of another root have other ids than users of this machine.
find_runtime() {
  CONFIG_NAME=\${CONFIG##*/} CONFIG=$ROOT$CONFIG
  if ! CONFIG_OWNER=$(owner "$CONFIG_USER") || ! CERTIFICATE_OWNER=$(owner "$CERTIFICATE_USER") ||
    ! KEY_OWNER=$(owner "$KEY_USER") || [ ! -d "\${CONFIG%/*}" ]; then
    refuse "IoT Edge $RUNTIME is not installed: expected the users $CERTIFICATE_USER and $KEY_USER and the folder \${CONFIG%/*}. Type: $INSTALL $PACKAGE"
  fi
  ROOT_OWNER=$(owner root) || ROOT_OWNER=0:0
  [ ! -L "$CONFIG" ] || follow_link
  MARK=$CONFIG.installing
}

# The configuration may be a link to another partition. Absolute links of an image start at the image's root.
follow_link() {
  file=$CONFIG hops=0
  while [ -L "$file" ] && [ "$hops" -lt 40 ]; do
    hops=$((hops + 1)) target=$(readlink -- "$file")
    case $target in /*) file=$ROOT$target ;; *) file=\${file%/*}/$target ;; esac
  done
  top=$(cd -P -- "$ROOT/" && pwd) top=\${top%/}
  if ! within=$(cd -P -- "\${file%/*}/" 2>/dev/null && pwd); then
    refuse "$CONFIG is a link to $file, whose folder is missing. Mount or make it, or remove the link."
    return
  fi
  case $within/ in
    "$top"/*) file=$ROOT\${within#"$top"}/\${file##*/} ;;
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
    uid=$(id -u "$1" 2>/dev/null) && printf '%s:%s\\n' "$uid" "$(id -g "$1")"
  fi
}

# --- The texts of the files ---

# The bundle's configuration with the host name and the secrets. They are passed by the environment: everyone can read a command line.
config_text() {
  if [ -z "$SECRET_NAMES$NAME_LINE" ]; then
    cat -- "$BUNDLED"
    return
  fi
  NAMES=$SECRET_NAMES TEXTS=$SECRET_LINES MARKS=$SECRET_PLACEHOLDERS ENCODINGS=$SECRET_ENCODINGS \\
    LINE=$NAME_LINE LINE_TEXT=$NAME_TEXT awk '
    BEGIN {
      for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
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
    }
    function encoded(text, form,   out, c, i) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (form == "uri" && c !~ /[A-Za-z0-9._~-]/) c = sprintf("%%%02X", code[c])
        if (form == "text" && (c == "\\\\" || c == "\\"")) c = "\\\\" c
        out = out c
      }
      return out
    }' <"$BUNDLED"
}
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
    SET_UP=$ROOT/etc/aziot/identityd/config.d/00-super.toml set_up_in=toml
    # "iotedge config import" too keeps the name of a device that comes from 1.1.
    [ -e "$SET_UP" ] || SET_UP=$ROOT/etc/iotedge/config.yaml set_up_in=yaml
  fi
  if [ ! -e "$SET_UP" ]; then
    : # a new device
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
  elif file=$(within_root "$ROOT/etc/hostname"); then
    awk '/^[ \\t\\r]*(#|$)/ { next } { gsub(/^[ \\t]+|[ \\t\\r]+$/, ""); if (!index($0, "?")) print; exit }' "$file"
  fi
}

within_root() { # FILE: the file behind it, if it is in the root. Absolute links of an image start at the image's root.
  file=$1 hops=0
  while [ -L "$file" ] && [ "$hops" -lt 40 ]; do
    hops=$((hops + 1)) target=$(readlink -- "$file")
    case $target in /*) file=$ROOT$target ;; *) file=\${file%/*}/$target ;; esac
  done
  within=$(cd -P -- "\${file%/*}/" 2>/dev/null && pwd) && top=$(cd -P -- "$ROOT/" && pwd) || return 1
  case $within/ in "\${top%/}"/*) [ -f "$file" ] && [ ! -L "$file" ] && say "$file" ;; *) return 1 ;; esac
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
  if ! containers=$(docker ps -aq -f "label=$EDGE_LABEL" 2>/dev/null); then
    UNSURE=yes
    complain "docker cannot be asked whether IoT Edge has containers. If it has, this ends with the old files: $(renaming)"
  elif [ -n "$containers" ]; then
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



# --- Checks the bundle and the device's certificate and key; changes nothing ---

check_material() {
  HERE=$(cd -- "$(dirname -- "$0")" && pwd)
  BUNDLED=$HERE/$CONFIG_NAME
  placed=$ROOT$CERTIFICATE_PATH key=$ROOT$PRIVATE_KEY_PATH certificate=$ROOT$CERTIFICATE_PATH
  edge_ca=$ROOT$EDGE_CA_CERTIFICATE edge_ca_key=$ROOT$EDGE_CA_KEY trust_bundle=$ROOT$TRUST_BUNDLE
  [ -z "$CARRIED" ] || certificate=$HERE/$CARRIED
  [ -r "$BUNDLED" ] || refuse "$BUNDLED cannot be read, expected the device's configuration beside this script. Copy the whole bundle here."
  as_rendered "$BUNDLED" "$CONFIG_SHA256"
  [ -z "$CARRIED" ] || as_rendered "$certificate" "$CARRIED_SHA256"
  [ "$FAULTS" = 0 ] || return
  check_certificate
  [ -z "$PRIVATE_KEY_PATH" ] || check_key "$key" "$certificate" "$HAZARD"
  [ -z "$CARRIED" ] || check_target
  check_others
  check_ways
  find_host_name
  check_secrets
  [ -z "$RESTART" ] || check_host_name
}

as_rendered() { # FILE SHA-256: a missing file is reported where it is needed
  [ -f "$1" ] && [ -r "$1" ] || return 0
  is=$(openssl dgst -sha256 <"$1" | sed 's/.*= *//')
  [ "$is" = "$2" ] || refuse "$1 is not as it was rendered for $DEVICE: its SHA-256 is $is, expected $2. Get the bundle again."
}

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
  fi
  [ -z "$EDGE_CA_KEY" ] || check_key "$edge_ca_key" "$edge_ca" ''
  [ -z "$TRUST_BUNDLE" ] ||
    read_certificate "the trust bundle $trust_bundle" 'that of config.trustBundle. Copy it there.' "$trust_bundle"
}

check_secrets() {
  for name in $(say "$SECRET_NAMES" | sort -u); do
    case $(form_of "$name") in
      missing) refuse "the secret $name is not set. Type: read -r $name; export $name; sudo --preserve-env=$(say "$SECRET_NAMES" | sort -u | paste -s -d , -) sh install.sh" ;;
      broken) refuse "the secret $name holds a line break or another control character, expected one line of text. Set it again." ;;
    esac
  done
  [ "$FAULTS" -gt 0 ] || config_text >/dev/null ||
    refuse "$BUNDLED has not all the lines that take a secret or the host name, expected the one rendered with this script. Get the bundle again."
}

form_of() ( # SECRET: not even "sh -x" shows it
  set +x
  eval "set -- \\"\\\${$1-}\\""
  case $1 in
    '') say missing ;;
    *[[:cntrl:]]*) say broken ;;
  esac
)

# --- Checks that the services, which are not root, reach the files that they read ---

check_ways() {
  check_way "$placed" "$CERTIFICATE_USER" "$HAZARD"
  [ -z "$PRIVATE_KEY_PATH" ] || check_way "$key" "$KEY_USER" "$HAZARD"
  [ -z "$EDGE_CA_CERTIFICATE" ] || check_way "$edge_ca" "$CERTIFICATE_USER" ''
  [ -z "$EDGE_CA_KEY" ] || check_way "$edge_ca_key" "$KEY_USER" ''
  [ -z "$TRUST_BUNDLE" ] || check_way "$trust_bundle" "$CERTIFICATE_USER" ''
  [ "$FORM" = toml ] || check_way "$CONFIG" "$CONFIG_USER" ''
}

# Goes folder by folder and follows links as the kernel does. Absolute links of an image start at the image's root.
# Missing folders are made later.
check_way() { # FILE USER HAZARD
  at=$ROOT rest=\${1#"$ROOT"} hops=0
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest='' ;; esac
    case $name in
      '' | .) ;;
      ..) [ "$at" = "$ROOT" ] || at=\${at%/*} ;;
      *)
        at=$at/$name
        if [ -L "$at" ] && [ "$hops" -lt 40 ]; then
          hops=$((hops + 1)) target=$(readlink -- "$at")
          case $target in /*) at=$ROOT ;; *) at=\${at%/*} ;; esac
          rest=$target/$rest
        elif [ -d "$at" ] && ! may x "$at" "$2"; then
          refuse "the user $2 could not read $1: the folder $at does not let it through (mode and owner $(mode_then "$at")). Choose a place that it gets to, or type: sudo chmod o+x '$at'.$3"
          return
        fi
        ;;
    esac
  done
}

may() ( # x|r FILE USER
  is=$(mode_then "$2")
  # If the kernel can be asked, it decides: it knows access lists.
  if [ -z "$ROOT" ] && [ "$is" = "$(mode_now "$2")" ] && runuser -u "$3" -- true 2>/dev/null; then
    runuser -u "$3" -- test "-$1" "$2"
    exit
  fi
  bits=$((0\${is%%:*})) its=\${is#*:} user=$(owner "$3")
  if [ "\${user%:*}" = "\${its%:*}" ]; then
    bits=$((bits >> 6))
  else
    for group in "\${user#*:}" $(more_groups "$3"); do
      [ "$group" != "\${its#*:}" ] || { bits=$((bits >> 3)) && break; }
    done
  fi
  if [ "$1" = r ]; then [ $((bits & 4)) != 0 ]; else [ $((bits & 1)) != 0 ]; fi
)

mode_now() { stat -L -c %a:%u:%g -- "$1"; }

mode_then() { # FOLDER: its mode and owner after the installation
  if [ "$FORM" = toml ] && same "$1" "$ROOT/var/aziot/certs"; then
    say "755:$CERTIFICATE_OWNER"
  elif [ "$FORM" = toml ] && same "$1" "$ROOT/var/aziot/secrets"; then
    say "700:$KEY_OWNER"
  else
    mode_now "$1"
  fi
}

same() { [ "$(stat -L -c %d:%i -- "$1")" = "$(stat -L -c %d:%i -- "$2" 2>/dev/null)" ]; }

more_groups() { # USER
  if [ -n "$ROOT" ]; then
    awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }' "$ROOT/etc/group" 2>/dev/null
  else
    id -G "$1"
  fi
}

# --- Plans the changes: a numbered list, empty if everything is as wanted ---

plan() {
  HAD_CONFIG=$(there "$CONFIG")
  FOLDER_OWNER=$ROOT_OWNER
  if [ "$FORM" = toml ]; then
    FOLDER_OWNER=$CERTIFICATE_OWNER
    [ ! -d "$ROOT/var/aziot/certs" ] || mode "$ROOT/var/aziot/certs" 755 "$CERTIFICATE_OWNER"
    [ ! -d "$ROOT/var/aziot/secrets" ] || mode "$ROOT/var/aziot/secrets" 700 "$KEY_OWNER"
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
    drop_in=$ROOT/etc/systemd/system/$unit.service.d/proxy.conf
    if [ -n "$PROXY" ]; then
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
  elif ! "$2" | cmp -s - "$1" 2>/dev/null || [ "$(stat -c %a:%u:%g "$1")" != "$3:$4" ]; then
    add place "$@"
  fi
}

mode() { # FILE MODE OWNER
  was=$(stat -L -c %a:%u:%g "$1")
  [ "$was" = "$2:$3" ] || add mode "$1" "$was" "$2" "$3"
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
  eval "KIND_$COUNT=\\$1 FILE_$COUNT=\\$2 TEXT_$COUNT=\\$3 MODE_$COUNT=\\$4 OWNER_$COUNT=\\$5 HAD_$COUNT=\\$had NEW_$COUNT='' READY_$COUNT=''"
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
  eval "kind=\\$KIND_$1 file=\\$FILE_$1 text=\\$TEXT_$1 mode=\\$MODE_$1 owner=\\$OWNER_$1 had=\\$HAD_$1 new=\\$NEW_$1 ready=\\$READY_$1"
  old=$file.installing.old
}

describe() { # PREFIX
  case $kind in
    folder) say "\${1}make the folder $file" ;;
    place) say "\${1}place $file (owner $owner, mode $mode)" ;;
    mode) say "\${1}set owner $owner and mode $mode of $file" ;;
    remove) say "\${1}remove $file" ;;
  esac
}

# --- Carries out the numbered list of changes, or undoes it ---

install_bundle() {
  trap leave EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ ! -e "$MARK" ] || resume || exit 1
  STATE=changing
  # The files that "iotedge config apply" makes from config.toml are put back with it.
  [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    add derived "$ROOT/etc/aziot/$daemon/config.d/00-super.toml" '' '' ''
  done
  # Everything that needs disk space comes first. After it there are only renames.
  if ! each prepare || ! each_back note >"$MARK" || ! sync "$MARK"; then exit 1; fi
  for name in $SECRET_NAMES; do unset "$name"; done
  each commit || exit 1
  if [ -n "$RESTART" ]; then
    STATE=restarting
    restart || exit 1
  fi
  trap '' HUP INT TERM
  STATE=finished
  rm -f -- "$MARK"
  each finish
  trap - HUP INT TERM
  if [ -z "$RESTART" ]; then
    say "$DEVICE is installed in $ROOT. $([ "$FORM" = yaml ] || say 'When it runs for the first time, type: sudo iotedge config apply')"
  elif waiting iotedge check; then
    say "$DEVICE is installed and running."
  else
    complain "$DEVICE is installed and running, but iotedge check found something: see above. The new configuration stays."
    exit 3
  fi
}

# The mark exists from before the first file is replaced until the runtime has restarted. It lists what was there before.
# After a power cut, the next run puts that back and does not take the new files for installed.
note() { printf '%s\\n%s\\n' "$kind:$had:$text" "\${file#"$ROOT"}"; }

resume() {
  RESUMED=yes STATE=resuming BACK=yes
  [ -s "$MARK" ] || return 0
  say 'An earlier run was cut off: putting back the files of before it.'
  [ "$FORM$RESTART" != tomlyes ] || waiting iotedge system stop
  while IFS=: read -r kind had text && IFS= read -r file; do
    file=$ROOT$file old=$file.installing.old ready=yes
    restore
  done <"$MARK"
  [ -n "$BACK" ] || return 1
  COUNT=0
  # The name may have been that of the files that are gone now.
  find_host_name
  plan
  RELOAD=yes
  [ "$FAULTS" = 0 ]
}

prepare() {
  case $kind in
    folder) mkdir -p -- "$file" && chmod "$mode" "$file" && chown "$owner" "$file" ;;
    place)
      new=$(mktemp "$file.installing.XXXXXX") && eval "NEW_$n=\\$new" && "$text" >"$new" && chmod "$mode" "$new" &&
        chown "$owner" "$new" && sync "$new" && keep ;;
    remove) keep ;;
    derived) [ -z "$had" ] || copy ;;
  esac || {
    complain "cannot prepare $file: see above. Is the disk full?"
    return 1
  }
  eval "READY_$n=yes"
}

# A hard link takes no space, and a rename puts it back.
keep() { [ -z "$had" ] || { rm -f -- "$old" && ln -- "$file" "$old"; }; }

# A file that others write into needs a copy. It gets its name when it is whole: half a copy must never be put back.
copy() { cp -p -- "$file" "$file.installing.part" && sync "$file.installing.part" && mv -f -- "$file.installing.part" "$old"; }

commit() {
  case $kind in
    place) mv -f -- "$new" "$file" ;;
    remove) rm -f -- "$file" ;;
    mode) chown "$owner" "$file" && chmod "$mode" "$file" ;;
  esac && describe ''
}

finish() {
  [ "$kind$had" != placeyes ] || tighten
  case $kind in place | remove) [ -z "$had" ] || mv -f -- "$old" "$file.before-install" ;; esac
  case $kind in place | remove | derived) rm -f -- "$file".installing.* ;; esac
}

# The old file may hold the same secrets and be readable for more users. The target of a link stays as it is.
tighten() {
  [ -L "$old" ] || { chmod "$(printf %o $((0$(stat -c %a "$old") & 0$mode)))" "$old" && chown "$owner" "$old"; }
}

undo() {
  BACK=yes
  each_back restore
}

restore() {
  put_back || {
    BACK=''
    complain "cannot put $file back: see above. What was there is kept as $old. Type: sudo mv '$old' '$file'"
  }
}

put_back() {
  case $kind in
    folder) rmdir -- "$file" 2>/dev/null || true ;; # what is in it now is not ours
    mode) [ ! -e "$file" ] || { chown "\${text#*:}" "$file" && chmod "\${text%%:*}" "$file"; } ;;
    *)
      if [ -z "$ready" ]; then
        : # it was not touched; a file with the old one's name may be of another run
      elif [ -z "$had" ]; then
        rm -f -- "$file"
      elif [ -n "$(there "$old")" ] && [ "$(stat -c %d:%i "$old")" != "$(stat -c %d:%i "$file" 2>/dev/null)" ]; then
        mv -f -- "$old" "$file" # mv refuses two names of one file
      fi && rm -f -- "$file".installing.*
      ;;
  esac
}

# Runs at every exit. What is begun and not finished is undone.
leave() {
  code=$?
  trap - EXIT
  trap '' HUP INT TERM
  [ -z "$CHILD" ] || { kill "$CHILD" && wait "$CHILD"; } 2>/dev/null
  case $STATE in checking | finished) exit "$code" ;; esac
  # Before the certificate goes: a running service would take a missing one as the reason for a new key.
  [ "$STATE$FORM" != restartingtoml ] || iotedge system stop
  if [ "$STATE" = resuming ]; then BACK=''; else undo; fi
  # The files are back; only the restart is still to be done.
  [ -z "$BACK" ] || [ ! -e "$MARK" ] || true >"$MARK"
  trap - HUP INT TERM
  if [ -n "$RESTART" ] && [ "$STATE$RESUMED" != changing ] && ! restart_old; then
    complain "the service does not start with the old files either. Look at: sudo $LOGS"
  elif [ -n "$BACK" ]; then
    rm -f -- "$MARK"
  fi
  complain "$DEVICE is not installed.\${BACK:+ The old files are back.} Look above, and at: sudo $LOGS"
  [ -z "$UNSURE" ] || complain "$(renaming)"
  exit "$code"
}

# --- The services of the runtime: restarts them and looks at them ---

restart() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload || return 1
  if [ "$FORM" = yaml ]; then waiting systemctl restart iotedge; else waiting iotedge config apply -c "$CONFIG"; fi || return 1
  # config apply succeeds even if a service does not start.
  waiting sleep "\${INSTALL_WAIT:-5}"
  systemctl is-active --quiet "$SERVICE" || {
    complain "$SERVICE is not active after the restart."
    return 1
  }
}

restart_old() {
  [ -z "$RELOAD" ] || systemctl daemon-reload
  if [ "$FORM" = yaml ] && [ -n "$HAD_CONFIG" ]; then
    systemctl restart iotedge
  elif [ "$FORM" = yaml ]; then
    systemctl stop iotedge
  elif [ -e "$ROOT/etc/aziot/identityd/config.d/00-super.toml" ]; then
    iotedge system restart
  fi
}

# A shell handles a signal only after its current command, which may hang. \`wait\` returns at once.
waiting() {
  "$@" &
  CHILD=$!
  wait "$CHILD"
  code=$?
  CHILD=''
  return "$code"
}

main "$@"
`.replace(`#SETTINGS#
`,()=>l({DEVICE:t,RUNTIME:n.text,INSTALL:e.platform===`debian`?`sudo apt-get install`:`sudo yum install`,THUMBPRINTS:e.thumbprints.join(` `),CERTIFICATE_PATH:e.certificate,PRIVATE_KEY_PATH:e.privateKey??``,EDGE_CA_CERTIFICATE:e.edgeCa?.certificate??``,EDGE_CA_KEY:e.edgeCa?.privateKey??``,TRUST_BUNDLE:e.trustBundle??``,HOST_NAME:i,HOST_ADDRESS:r.Ht(i)?`yes`:``,NAME_LINE:a?.line??``,NAME_BEFORE:a?.before??``,NAME_AFTER:a?.after??``,RENAMING_REFUSED:g||n.major===1&&n.minor<3?``:`yes`,CONFIG_SHA256:h.configuration,CARRIED:h.certificate===void 0?``:`identity-certificate.pem`,CARRIED_SHA256:h.certificate??``,PROXY:o===void 0?``:d(o),PROXY_MARK:u,SECRET_NAMES:f.map(p).join(`
`),SECRET_LINES:f.map(m).join(`
`),SECRET_PLACEHOLDERS:f.map(({placeholder:e})=>e).join(`
`),SECRET_ENCODINGS:f.map(({encoding:e})=>e).join(`
`),...g?s:c}))}const s={FORM:`yaml`,SERVICE:`iotedge`,PACKAGE:`iotedge`,UNITS:`iotedge`,LOGS:`journalctl -u iotedge`,HAZARD:``,CONFIG:`/etc/iotedge/config.yaml`,CONFIG_USER:`iotedge`,CONFIG_MODE:`400`,CERTIFICATE_USER:`iotedge`,CERTIFICATE_MODE:`444`,KEY_USER:`iotedge`,KEY_MODE:`400`},c={FORM:`toml`,SERVICE:`aziot-edged`,PACKAGE:`aziot-edge`,UNITS:`aziot-edged aziot-identityd`,LOGS:`iotedge system logs`,HAZARD:` Put this right before anything else: where the certificate cannot be read, IoT Edge 1.3 and later delete the key pair.`,CONFIG:`/etc/aziot/config.toml`,CONFIG_USER:`root`,CONFIG_MODE:`600`,CERTIFICATE_USER:`aziotcs`,CERTIFICATE_MODE:`644`,KEY_USER:`aziotks`,KEY_MODE:`600`};function l(e){return Object.entries(e).map(([e,t])=>{if(t.includes(`\0`))throw Error(`${e} holds a NUL, which no setting of the installer can`);let n=`${e}='${t.replaceAll(`'`,`'\\''`)}'\n`;return/[$`]/.test(t)?`# shellcheck disable=SC2016 # it is not this shell's to expand\n${n}`:n}).join(``)}const u=`# Placed by install.sh of the device bundle, which replaces and removes it.`;function d({https:e,noProxy:t}){let n=[u,`[Service]`,`Environment=${f(`https_proxy=${e}`)}`];return t!==void 0&&n.push(`Environment=${f(`no_proxy=${t}`)}`),`${n.join(`
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
`,()=>r.join(``));return y(i)?i:`\uFEFF${i}`}function g({device:e,thumbprints:t,certificates:n},i,{places:a,nameLine:o}){let{identity:s,config:c,runtime:l}=e;return{Runtime:v(l.version.text),DeviceId:v(e.id),HubHostName:v(i),Thumbprints:`@(${v(t.primary)}, ${v(t.secondary)})`,Certificate:_(a.certificate),PrivateKey:_(a.privateKey),BundledCertificate:v(n[s.slot]===void 0?void 0:`identity-certificate.pem`),BundledConfiguration:v(r.cn(e)?`config.yaml`:void 0),NameLine:v(o?.line.trimEnd()),NameBefore:v(o?.before),NameAfter:v(o?.after.trimEnd()),ContainerOs:v(l.containerOs===`linux`?`Linux`:`Windows`),DynamicReprovisioning:c.dynamicReprovisioning===!0?`$true`:`$false`,AgentImage:v(r.ln(e)),RegistryUsername:v(c.agent.registry?.username),RegistryPasswordFrom:v(c.agent.registry?.passwordFrom),EdgeCaCertificate:_(a.edgeCa?.certificate),EdgeCaPrivateKey:_(a.edgeCa?.privateKey),TrustBundle:_(a.trustBundle),HttpsProxy:v(c.proxy?.https),NoProxy:v(c.proxy?.noProxy),SecurityDaemonScript:v(l.securityDaemonScript)}}function _(e){return v(e?.path)}function v(e=``){if(e.includes(`\0`))throw Error(`a setting holds a NUL, which no setting of the script can`);return`'${e.replace(/['\u2018-\u201B]/g,`$&$&`)}'`}function y(e){return Buffer.byteLength(e)===e.length}function b(e,t,{places:i,base:a}){let{device:o,certificates:s}=e,c=s[o.identity.slot],l=c===void 0?[]:[{name:`identity-certificate.pem`,text:c.pem}],u=()=>C(e,t,{places:i,base:a});if(o.runtime.platform===`windows`){let a=x(`Initialize-IoTEdge.ps1`,()=>h(e,t,{places:i,nameLine:r.cn(o)?n.r(u()):void 0}));return r.cn(o)?[x(`config.yaml`,u),...l,a]:[...l,a]}let d=r.on(o.runtime.version)===`aziot`?x(`config.toml`,()=>w(e,t,{places:i,base:a})):x(`config.yaml`,u),f=x(`install.sh`,()=>T(e,d,{places:i,base:a}));return[d,...l,f]}function x(e,t){return new S(e,t)}var S=class{name;#e;constructor(e,t){this.name=e,this.#e=t}get text(){return this.#e()}};function C({device:t},n,{places:r,base:a}){return a===void 0?i.a(t,n,r):e.n(a,t,n,r)}function w({device:t},n,{places:r,base:i}){return i===void 0?e.i(t,n,r):e.n(i,t,n,r)}function T({device:e,thumbprints:i,certificates:a},s,{places:c,base:l}){let{proxy:u}=e.config,{edgeCa:d}=c,{platform:f}=e.runtime;if(f===`windows`)throw Error(`device "${e.id}" has no shell for the installer`);let p=a[e.identity.slot],{text:m}=s;return o({device:e.id,version:e.runtime.version,platform:f,thumbprints:[i.primary,i.secondary],certificate:E(c.certificate,e),privateKey:c.privateKey.path,...d===void 0?{}:{edgeCa:{certificate:E(d.certificate,e),privateKey:d.privateKey.path}},...c.trustBundle===void 0?{}:{trustBundle:c.trustBundle.path},sha256:{configuration:D(m),...p===void 0?{}:{certificate:D(p.pem)}},hostname:e.config.hostname??(l&&t.t(l)),nameLine:n.r(m),...u===void 0?{}:{proxy:u},secrets:r.It(m,e)})}function E({path:e,uri:t},n){if(e===void 0)throw Error(`the certificate ${t} of device "${n.id}" has no path`);return e}function D(e){return(0,a.createHash)(`sha256`).update(e).digest(`hex`)}exports.filesOf=b;