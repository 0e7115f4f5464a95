# --- Carries out the numbered list of changes, or undoes it ---

install_bundle() {
  trap leave EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ ! -e "$MARK" ] || resume || exit 1
  [ -z "$RESTART" ] || add services '' "$RAN" '' '' # what ran before, for a run after a power cut
  STATE=changing
  # The files that "iotedge config apply" makes from config.toml are put back with it.
  [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    applied=$(inside_but_name "/etc/aziot/$daemon/config.d/00-super.toml") || exit 1
    add derived "$applied" '' '' ''
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
    file=$ROOT$file old=$(room_of "$file" old) ready=yes
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
    folder) make_folder "$file" "$mode" "$owner" ;;
    place) stage "$file" "$mode" "$owner" "$text" && keep ;;
    remove) keep ;;
    mode) [ -d "$file" ] || hold "$file" ;;
    derived) [ -z "$had" ] || copy_old "$file" ;;
  esac || {
    complain "cannot prepare $file: see above.$(full_disk "$file")"
    return 1
  }
  eval "READY_$n=yes"
}

keep() { [ -z "$had" ] || keep_old "$file"; }

commit() {
  case $kind in
    place) put "$file" new ;;
    remove) remove_file "$file" ;;
    mode) own_mode "$file" "$owner" "$mode" ;;
  esac && describe ''
}

finish() {
  [ "$kind$had" != placeyes ] || tighten_old "$file" "$mode" "$owner"
  case $kind in place | remove) [ -z "$had" ] || release_old "$file" ;; esac
  case $kind in place | remove | derived | mode) close_rooms "$file" ;; esac
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
    services) RAN=$text ;;
    folder) remove_folder "$file" || true ;; # what is in it now is not ours
    mode) { [ ! -e "$file" ] || own_mode "$file" "${text#*:}" "${text%%:*}"; } && close_rooms "$file" ;;
    *)
      if [ -z "$ready" ]; then
        : # it was not touched; a file with the old one's name may be of another run
      elif [ -z "$had" ]; then
        remove_file "$file"
      elif [ -n "$(there "$old")" ]; then
        put_back_old "$file"
      fi && close_rooms "$file"
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
