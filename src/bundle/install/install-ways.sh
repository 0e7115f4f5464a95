# --- Checks that the services, which are not root, reach the files that they read ---

check_ways() {
  check_way "$CERTIFICATE_PATH" "$CERTIFICATE_USER" "$HAZARD"
  [ -z "$PRIVATE_KEY_PATH" ] || check_way "$PRIVATE_KEY_PATH" "$KEY_USER" "$HAZARD"
  [ -z "$EDGE_CA_CERTIFICATE" ] || check_way "$EDGE_CA_CERTIFICATE" "$CERTIFICATE_USER" ''
  [ -z "$EDGE_CA_KEY" ] || check_way "$EDGE_CA_KEY" "$KEY_USER" ''
  [ -z "$TRUST_BUNDLE" ] || check_way "$TRUST_BUNDLE" "$CERTIFICATE_USER" ''
  [ "$FORM" = toml ] || check_way "${CONFIG#"$ROOT"}" "$CONFIG_USER" ''
}

# Missing folders are made later.
check_way() { # PATH USER HAZARD
  walk "$1" lets_through "$2" || refuse "the user $2 could not read $ROOT$1: the folder $at does not let it through (mode and owner $(mode_then "$at")). Choose a place that it gets to, or type: sudo chmod o+x '$at'.$3"
}

lets_through() { may x "$at" "$1"; } # USER

may() ( # x|r FILE USER
  is=$(mode_then "$2")
  # If the kernel can be asked, it decides: it knows access lists.
  if [ -z "$ROOT" ] && [ "$is" = "$(mode_now "$2")" ] && runuser -u "$3" -- true 2>/dev/null; then
    runuser -u "$3" -- test "-$1" "$2"
    exit
  fi
  bits=$((0${is%%:*})) its=${is#*:} user=$(owner "$3")
  if [ "${user%:*}" = "${its%:*}" ]; then
    bits=$((bits >> 6))
  else
    for group in "${user#*:}" $(more_groups "$3"); do
      [ "$group" != "${its#*:}" ] || { bits=$((bits >> 3)) && break; }
    done
  fi
  if [ "$1" = r ]; then [ $((bits & 4)) != 0 ]; else [ $((bits & 1)) != 0 ]; fi
)

mode_now() { stat -L -c %a:%u:%g -- "$1"; }

mode_then() { # FOLDER: its mode and owner after the installation
  if [ "$FORM" = toml ] && same "$1" "$(inside /var/aziot/certs)"; then
    say "755:$CERTIFICATE_OWNER"
  elif [ "$FORM" = toml ] && same "$1" "$(inside /var/aziot/secrets)"; then
    say "700:$KEY_OWNER"
  else
    mode_now "$1"
  fi
}

same() { [ "$(stat -L -c %d:%i -- "$1")" = "$(stat -L -c %d:%i -- "$2" 2>/dev/null)" ]; }

more_groups() { # USER
  if [ -n "$ROOT" ]; then
    awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }' "$GROUP" 2>/dev/null
  else
    id -G "$1"
  fi
}
