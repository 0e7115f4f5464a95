
# --- Checks the certificates and keys in files ---

# The public keys of all certificates that were checked, one below the other.
KNOWN_KEYS=''

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
