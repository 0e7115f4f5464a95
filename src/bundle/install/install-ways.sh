# --- Checks that the services, which are not root, reach the files that they read ---

check_ways() {
  CERTS=$(inside /var/aziot/certs) SECRETS=$(inside /var/aziot/secrets)
  check_way "$CERTIFICATE_PATH" "$CERTIFICATE_USER" "$HAZARD"
  [ -z "$PRIVATE_KEY_PATH" ] || check_way "$PRIVATE_KEY_PATH" "$KEY_USER" "$HAZARD"
  [ -z "$EDGE_CA_CERTIFICATE" ] || check_way "$EDGE_CA_CERTIFICATE" "$CERTIFICATE_USER" ''
  [ -z "$EDGE_CA_KEY" ] || check_way "$EDGE_CA_KEY" "$KEY_USER" ''
  [ -z "$TRUST_BUNDLE" ] || check_way "$TRUST_BUNDLE" "$CERTIFICATE_USER" ''
  [ "$FORM" = toml ] || check_way "${CONFIG#"$ROOT"}" "$CONFIG_USER" ''
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
  say " Choose a place that it gets to, such as $usual; or let this user alone through: sudo setfacl -m u:${ids%:*}:x $(quoted "$1") (of the package acl)."
}

# The kernel decides, since it knows access lists. It can be asked about what the installation leaves as it is.
may() ( # x|r FILE USER
  of_service "$3"
  if [ -n "$means" ] && ! will_change "$2"; then
    # From inside of the folder: what is above an image may be closed to everybody, and is no part of the device.
    if [ -d "$2" ]; then cd -- "$2" && set -- "$1" . "$3"; else cd -- "$(dirname -- "$2")" && set -- "$1" "./${2##*/}" "$3"; fi
    as_service "$3" test "-$1" "$2"
    exit
  fi
  is=$(mode_then "$2")
  bits=$((0${is%%:*})) its=${is#*:}
  if [ "${ids%:*}" = "${its%:*}" ]; then
    bits=$((bits >> 6))
  else
    for group in $groups; do
      [ "$group" != "${its#*:}" ] || { bits=$((bits >> 3)) && break; }
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
