# --- Carries out the numbered list of changes, or undoes it ---

# $STATE says what is to be done if the script ends at this moment. The mark, a file, says it if the power goes:
#   checking    nothing. No mark
#   preparing   copies are made, and every file is still the old one: remove the copies
#   placing     a file may be old or new: put the old ones back
#   restarting  the same, and the services may have seen the new files. The mark says "placing"
#   resuming    what the mark of a run says that was cut off is done
#   back        all files are the old ones: only start the services
#   done        all files are new, and the services run: give the old ones their names and modes
#   finished    nothing. No mark
install_bundle() {
  from_here_on
  # The files that "iotedge config apply" makes from config.toml are put back with it.
  [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    applied=$(inside_but_name "/etc/aziot/$daemon/config.d/00-super.toml") || exit 1
    add derived "$applied" '' '' ''
  done
  # Everything that needs disk space comes first. After it there are only renames.
  STATE=preparing
  { write_mark preparing && each prepare && sync_all && write_mark placing; } || exit 1
  STATE=placing
  { each commit && sync_all; } || exit 1
  if [ -n "$RESTART" ]; then
    # What an earlier run left was stopped; what starts from here on has to be stopped again.
    STATE=restarting DUE=yes STOPPED=''
    # The runtime does not sync what "iotedge config apply" writes.
    { restart && sync_all; } || exit 1
  fi
  for name in $SECRET_NAMES; do unset "$name"; done
  ignore_signals
  write_mark 'done' || exit 1
  STATE=finished
  finish_changes
  to_terminal
  say_installed
}

say_installed() {
  trap '' PIPE
  if [ -z "$RESTART" ]; then
    say "$DEVICE is installed in $ROOT. $([ "$FORM" = yaml ] || say 'When it runs for the first time, type: sudo iotedge config apply')"
  else
    trap stopped_check HUP INT QUIT TERM
    if waiting iotedge check; then
      say "$DEVICE is installed and running."
    else
      complain "$DEVICE is installed and running, but iotedge check found something: see above. The new configuration stays."
      exit 3
    fi
  fi
  [ -n "$WELL" ] || exit 3
}

stopped_check() {
  complain "$DEVICE is installed and running. Only 'iotedge check' was stopped. Type: sudo iotedge check"
  exit 3
}

# --- The steps of one change ---

prepare() {
  case $kind in
    folder) make_folder "$file" "$mode" "$owner" ;;
    place) stage "$file" "$mode" "$owner" "$text" && keep ;;
    remove) keep ;;
    mode) can_change ;;
    derived) [ -z "$had" ] || copy_old "$file" ;;
  esac || {
    complain "cannot prepare $file: see above.$(full_disk "$file")"
    return 1
  }
}

keep() { [ -z "$had" ] || keep_old "$file"; }

# Found before anything is stopped: a file that cannot be linked (chattr +i), or a folder whose owner cannot be set to what it is.
can_change() {
  if [ -d "$file" ]; then
    chown -h "$(stat -c %u:%g -- "$file")" "$file"
  else
    hold "$file"
  fi || {
    complain "owner $owner and mode $mode of $file cannot be set. If it is immutable (lsattr -d '$file' shows an i), type: sudo chattr -i '$file'"
    return 1
  }
}

commit() {
  case $kind in
    place) put "$file" new ;;
    remove) remove_file "$file" ;;
    mode) own_mode "$file" "$owner" "$mode" ;;
  esac && describe ''
}

# What was placed was synced before it got its name. One process syncs all folders with their new names, and the files that were
# changed in place.
sync_all() {
  SYNCED=''
  each to_sync
  [ -z "$SYNCED" ] || sync_lines "$SYNCED"
}

sync_lines() ( # PATHS: one a line
  set -f
  IFS='
'
  # shellcheck disable=SC2086 # words
  sync -- $1
)

to_sync() {
  case $kind in mode | derived) [ ! -f "$file" ] || add_to_sync "$file" ;; esac
  [ ! -d "${file%/*}" ] || add_to_sync "${file%/*}"
}

add_to_sync() { # PATH
  case "
$SYNCED" in *"
$1
"*) ;; *) SYNCED="$SYNCED$1
" ;; esac
}

clean() {
  case $kind in
    folder)
      close_room "$file" new
      remove_folder "$file" || true # what is in it now is not ours
      ;;
    *) close_rooms "$file" ;;
  esac
}

# The mark goes last. What a power cut leaves here the next run does.
finish_changes() {
  WELL=yes
  each finish
  sync_all
  if [ -n "$WELL" ]; then
    remove_mark
  else
    complain "Not all old files could be closed to other users: see above. Put the reason right, then type: sudo sh install.sh"
  fi
}

finish() {
  case $kind in
    folder) ;;
    place | remove) { release && close_rooms "$file"; } || WELL='' ;;
    *) close_rooms "$file" ;;
  esac
}

release() {
  [ -n "$had" ] || return 0
  { [ "$kind" = remove ] || [ -z "$(there "$old")" ] || tighten_old "$file" "$mode" "$owner"; } && release_old "$file"
}

undo() {
  BACK=yes
  each_back restore
  sync_all
}

restore() {
  put_back || {
    BACK=''
    complain "cannot put $file back: see above.$(by_hand)"
  }
}

by_hand() {
  if [ "$kind" = mode ]; then
    say " Type: sudo chown '${text#*:}' '$file'; sudo chmod '${text%%:*}' '$file'"
  elif [ -z "$had" ]; then
    say " It was not there before. Type: sudo rm '$file'"
  elif [ -n "$(there "$old")" ]; then
    say " What was there is kept as $old. Type: sudo mv '$old' '$file'"
  fi
}

put_back() {
  case $kind in
    folder) clean ;;
    mode)
      [ ! -e "$file" ] || [ "$(mode_now "$file")" = "$text" ] || own_mode "$file" "${text#*:}" "${text%%:*}" || return 1
      close_rooms "$file"
      ;;
    *)
      if [ -z "$had" ]; then
        remove_file "$file"
      elif [ -n "$(there "$old")" ]; then
        put_back_old "$file"
      fi && close_rooms "$file"
      ;;
  esac
}

# --- The end ---

# Runs at every exit. What is begun and not finished is undone.
leave() {
  EXIT_CODE=$?
  trap - EXIT
  ignore_signals
  ENDING=yes
  [ "$EXIT_CODE" -lt 129 ] || SIGNALLED=yes
  end_child
  case $STATE in checking | finished) ;; *) put_right ;; esac
  unlock
  to_terminal
  exit "$EXIT_CODE"
}

put_right() {
  case $STATE in
    preparing)
      NOW=preparing
      do_as_marked
      ;;
    resuming)
      do_as_marked
      [ "$NOW" != 'done' ] || return 0
      ;;
    back) BACK=yes ;;
    restarting)
      stop_services
      undo
      ;;
    *) undo ;;
  esac
  if [ -z "$BACK" ]; then
    leave_mixture
  elif [ -z "$DUE" ]; then
    remove_mark
  else
    COUNT=0
    write_mark back 2>/dev/null || true >"$MARK"
    if [ -z "$RESTART" ] || restart_old; then
      remove_mark
    else
      complain "the service does not start with the old files either. Look at: sudo $LOGS"
    fi
  fi
  complain "$(outcome) Look above, and at: sudo $LOGS"
  [ -z "$UNSURE" ] || complain "$(renaming)"
}

# Old and new files do not belong together. A daemon of 1.3 and later that starts with them deletes the key. 1.1 has read its
# files when it started, so that it goes on with the old ones if it was not restarted.
leave_mixture() {
  [ -n "$RESTART" ] || return 0
  if [ "$STATE$FORM" = placingyaml ]; then
    complain "$SERVICE was not restarted. Do not restart it before the files are back."
  else
    stop_services
    [ "$FORM" = toml ] || waiting systemctl stop "$SERVICE"
    complain "IoT Edge is stopped, because old and new files do not belong together. Do not start it before the files are back."
  fi
  complain 'Put the reason right, then type: sudo sh install.sh. It puts the rest back first.'
}
