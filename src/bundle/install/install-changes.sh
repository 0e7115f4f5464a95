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
    drop_in=$ROOT/etc/systemd/system/$unit.service.d/proxy.conf
    if [ -n "$PROXY" ]; then
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
  folder "${1%/*}" "$ROOT_OWNER"
  add folder "$1" '' 755 "$2"
}


# --- Carries out the numbered list of changes, or undoes it ---

there() { if [ -e "$1" ] || [ -L "$1" ]; then say yes; fi; }

add() { # KIND FILE TEXT MODE OWNER
  COUNT=$((COUNT + 1))
  had=$(there "$2")
  eval "KIND_$COUNT=\$1 FILE_$COUNT=\$2 TEXT_$COUNT=\$3 MODE_$COUNT=\$4 OWNER_$COUNT=\$5 HAD_$COUNT=\$had NEW_$COUNT='' READY_$COUNT=''"
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
  eval "kind=\$KIND_$1 file=\$FILE_$1 text=\$TEXT_$1 mode=\$MODE_$1 owner=\$OWNER_$1 had=\$HAD_$1 new=\$NEW_$1 ready=\$READY_$1"
  old=$file.installing.old
}

describe() { # PREFIX
  case $kind in
    folder) say "${1}make the folder $file" ;;
    place) say "${1}place $file (owner $owner, mode $mode)" ;;
    mode) say "${1}set owner $owner and mode $mode of $file" ;;
    remove) say "${1}remove $file" ;;
  esac
}

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
note() { printf '%s\n%s\n' "$kind:$had:$text" "${file#"$ROOT"}"; }

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
      new=$(mktemp "$file.installing.XXXXXX") && eval "NEW_$n=\$new" && "$text" >"$new" && chmod "$mode" "$new" &&
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
    mode) [ ! -e "$file" ] || { chown "${text#*:}" "$file" && chmod "${text%%:*}" "$file"; } ;;
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
  complain "$DEVICE is not installed.${BACK:+ The old files are back.} Look above, and at: sudo $LOGS"
  [ -z "$UNSURE" ] || complain "$(renaming)"
  exit "$code"
}

restart() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload || return 1
  if [ "$FORM" = yaml ]; then waiting systemctl restart iotedge; else waiting iotedge config apply -c "$CONFIG"; fi || return 1
  # config apply succeeds even if a service does not start.
  waiting sleep "${INSTALL_WAIT:-5}"
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

# A shell handles a signal only after its current command, which may hang. `wait` returns at once.
waiting() {
  "$@" &
  CHILD=$!
  wait "$CHILD"
  code=$?
  CHILD=''
  return "$code"
}

main "$@"
