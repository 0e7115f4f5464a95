
# --- Checks the bundle and the device's certificate and key; changes nothing ---

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

check_certificate() {
  read_certificate "the certificate $certificate" "the one of $DEVICE. Copy it there.$HAZARD" "$certificate" || return
  check_curve "$certificate"
  # One name per line. Names in one RDN are separated by " + "; a plus in a name is "\+".
  cn=$(openssl x509 -in "$certificate" -noout -subject -nameopt sep_multiline,sname,utf8,esc_ctrl,esc_2253 |
    sed 's/ + /\
/g' | sed -n 's/^ *CN=//p' | sed 's/\\\([^0-9A-Fa-f]\)/\1/g')
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
  eval "set -- \"\${$1-}\""
  case $1 in
    '') say missing ;;
    *[[:cntrl:]]*) say broken ;;
  esac
)
