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
    folder "${placed%/*}" "$FOLDER_OWNER"
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
      folder "${drop_in%/*}" "$ROOT_OWNER"
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

# chmod keeps the setgid bit of a folder unless the mode is given with five digits: chmod(1).
mode() { # FILE MODE OWNER
  was=$(stat -L -c %a:%u:%g "$1")
  [ "$was" != "$2:$3" ] || return 0
  if [ -d "$1" ]; then
    set -- "$1" "00$2" "$3"
  elif [ $((0$2 & 044)) != 0 ] && grep -q 'PRIVATE KEY' "$1"; then
    refuse "$1 holds a private key beside the certificate, and would be open to everybody (mode $2). Put the certificate alone there."
    return
  fi
  add mode "$1" "$was" "$2" "$3"
}

folder() { # FOLDER OWNER: makes it and its parents if missing
  [ ! -d "$1/" ] || return 0
  folder "${1%/*}" "$ROOT_OWNER"
  add folder "$1" '' 00755 "$2"
}

# --- The numbered list of changes ---

there() { if [ -e "$1" ] || [ -L "$1" ]; then say yes; fi; }

add() { # KIND FILE TEXT MODE OWNER
  COUNT=$((COUNT + 1))
  had=$(there "$2")
  eval "KIND_$COUNT=\$1 FILE_$COUNT=\$2 TEXT_$COUNT=\$3 MODE_$COUNT=\$4 OWNER_$COUNT=\$5 HAD_$COUNT=\$had"
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
  eval "kind=\$KIND_$1 file=\$FILE_$1 text=\$TEXT_$1 mode=\$MODE_$1 owner=\$OWNER_$1 had=\$HAD_$1"
  old=$(room_of "$file" old)
}

describe() { # PREFIX
  case $kind in
    folder) say "${1}make the folder $file" ;;
    place) say "${1}place $file (owner $owner, mode $mode)" ;;
    mode) say "${1}set owner $owner and mode $mode of $file" ;;
    remove) say "${1}remove $file" ;;
  esac
}
