
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
