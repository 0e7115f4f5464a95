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
  at=$ROOT rest=${1#"$ROOT"} hops=0
  while [ -n "$rest" ]; do
    name=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $name in
      '' | .) ;;
      ..) [ "$at" = "$ROOT" ] || at=${at%/*} ;;
      *)
        at=$at/$name
        if [ -L "$at" ] && [ "$hops" -lt 40 ]; then
          hops=$((hops + 1)) target=$(readlink -- "$at")
          case $target in /*) at=$ROOT ;; *) at=${at%/*} ;; esac
          rest=$target/$rest
        elif [ -d "$at" ] && ! may x "$at" "$2"; then
          refuse "the user $2 could not read $1: the folder $at does not let it through (mode and owner $(mode_then "$at")).$(let_through "$at" "$2")$3"
          return
        fi
        ;;
    esac
  done
}

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
  is=$(mode_then "$2")
  of_service "$3"
  if [ -n "$means" ] && [ "$is" = "$(mode_now "$2")" ]; then
    # From inside of the folder: what is above an image may be closed to everybody, and is no part of the device.
    if [ -d "$2" ]; then cd -- "$2" && set -- "$1" . "$3"; else cd -- "$(dirname -- "$2")" && set -- "$1" "./${2##*/}" "$3"; fi
    as_service "$3" test "-$1" "$2"
    exit
  fi
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
