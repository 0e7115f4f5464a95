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
    add derived "$ROOT/etc/aziot/$daemon/config.d/00-super.toml" '' '' ''
  done
  # Everything that needs disk space comes first. After it there are only renames.
  STATE=preparing
  { write_mark preparing && each prepare && each sync_name && write_mark placing; } || exit 1
  for name in $SECRET_NAMES; do unset "$name"; done
  STATE=placing
  { each commit && each sync_both; } || exit 1
  if [ -n "$RESTART" ]; then
    STATE=restarting DUE=yes
    # The runtime does not sync what "iotedge config apply" writes.
    { restart && each sync_both; } || exit 1
  fi
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

# --- The mark ---

# It is replaced by one rename, so that half a mark is never read.
write_mark() { # STATE
  staged=$(mark_text "$1" | stage "$MARK" 600 "$ROOT_OWNER") && put "$staged" "$MARK" && sync_folder "${MARK%/*}"
}

mark_text() { # STATE
  printf 'now:%s:%s\n%s\n' "$1" "$DUE" "$RAN"
  each note
}

note() {
  case $kind in place) text=$mode:$owner ;; esac
  printf '%s\n%s\n' "$kind:$had:$text" "${file#"$ROOT"}"
}

# An empty mark says that the files are back. It needs no space, so it can be had on a full disk.
read_mark() {
  NOW=placing DUE=yes COUNT=0
  [ -s "$MARK" ] || NOW=back
  while IFS=: read -r kind had text && IFS= read -r file; do
    case $kind in
      now) NOW=$had DUE=$text RAN=$file ;;
      *)
        was=$had
        add "$kind" "$ROOT$file" "$text" "${text%%:*}" "${text#*:}"
        eval "HAD_$COUNT=\$was"
        ;;
    esac
  done <"$MARK"
}

remove_mark() { rm -f -- "$MARK" && sync_folder "${MARK%/*}"; }

# --- After a run that was cut off ---

resume() {
  from_here_on
  read_mark
  STATE=resuming
  if [ "$NOW" = placing ]; then
    DUE=yes
    say 'An earlier run was cut off: putting back the files of before it.'
    stop_services
  fi
  do_as_marked
  [ -n "$BACK" ] || exit 1
  COUNT=0
  if [ "$NOW" = 'done' ]; then
    STATE=checking DUE=''
    [ -n "$WELL" ] || exit 1
  elif [ -n "$DUE" ]; then
    STATE=back RELOAD=yes
    write_mark back || exit 1
  else
    STATE=checking
    remove_mark || exit 1
  fi
}

# A second time gives the same.
do_as_marked() {
  BACK=yes
  case $NOW in
    preparing) each_back clean ;;
    placing) undo ;;
    done) finish_changes ;;
  esac
}

# Before the certificate goes: a running service of 1.3 and later would take a missing one as the reason for a new key.
stop_services() {
  [ "$FORM$RESTART$STOPPED" = tomlyes ] || return 0
  STOPPED=yes
  waiting iotedge system stop
}

# --- The steps of one change ---

prepare() {
  case $kind in
    folder) mkdir -m "$mode" -- "$file" && chown "$owner" "$file" ;;
    place) new=$("$text" | stage "$file" "$mode" "$owner") && eval "NEW_$n=\$new" && "$text" | cmp -s - "$new" && keep ;;
    mode) can_change ;;
    remove) keep ;;
    derived) [ -z "$had" ] || copy ;;
  esac || {
    [ "$kind" = mode ] || complain "cannot prepare $file: see above. Is the disk full?"
    return 1
  }
}

# A hard link takes no space, and a rename puts it back.
keep() { [ -z "$had" ] || { rm -f -- "$old" && ln -- "$file" "$old"; }; }

# A file that others write into needs a copy. It gets its name when it is whole: half a copy must never be put back.
copy() { cp -p -- "$file" "$file.installing.part" && sync "$file.installing.part" && mv -f -- "$file.installing.part" "$old"; }

# Before anything is stopped. The owner stays what it is, which an immutable file and a read-only file system refuse as well.
can_change() {
  chown -h "$(stat -c %u:%g "$file")" "$file" || {
    complain "cannot set owner $owner and mode $mode of $file: see above. If the file is immutable (lsattr '$file' shows an i), type: sudo chattr -i '$file'"
    return 1
  }
}

commit() {
  case $kind in
    place) put "$new" "$file" ;;
    remove) rm -f -- "$file" ;;
    mode) own_mode "$file" "$owner" "$mode" ;;
  esac && describe ''
}

sync_both() {
  [ ! -f "$file" ] || sync -- "$file" 2>/dev/null || sync
  sync_name
}

sync_name() { [ ! -d "${file%/*}" ] || sync_folder "${file%/*}"; }

clean() {
  case $kind in
    folder) rmdir -- "$file" 2>/dev/null || true ;; # what is in it now is not ours
    *) clean_copies ;;
  esac
}

clean_copies() { case $kind in place | remove | derived) rm -f -- "$file".installing.* ;; esac; }

# The mark goes last. What a power cut leaves here the next run does.
finish_changes() {
  WELL=yes
  each finish
  each sync_both
  if [ -n "$WELL" ]; then
    remove_mark
  else
    complain "Not all old files could be closed to other users: see above. Put the reason right, then type: sudo sh install.sh"
  fi
}

finish() {
  case $kind in
    place | remove)
      [ -z "$had" ] || [ -z "$(there "$old")" ] || { tighten && mv -f -- "$old" "$file.before-install"; } || {
        WELL=''
        return 0
      }
      ;;
  esac
  clean_copies
}

# The old file may hold the same secrets and be readable for more users. The target of a link stays as it is.
tighten() {
  [ "$kind" = remove ] || [ -L "$old" ] || own_mode "$old" "$owner" "$(printf %o $((0$(stat -c %a "$old") & 0$mode)))"
}

undo() {
  BACK=yes
  each_back restore
  each sync_both
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
    mode) [ ! -e "$file" ] || [ "$(stat -L -c %a:%u:%g "$file")" = "$text" ] || own_mode "$file" "${text#*:}" "${text%%:*}" ;;
    *)
      if [ -z "$had" ]; then
        rm -f -- "$file"
      elif [ -n "$(there "$old")" ] && [ "$(stat -c %d:%i "$old")" != "$(stat -c %d:%i "$file" 2>/dev/null)" ]; then
        mv -f -- "$old" "$file" # mv refuses two names of one file
      fi && clean
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
  complain "$DEVICE is not installed.${BACK:+ The old files are back.} Look above, and at: sudo $LOGS"
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
    [ "$FORM" = toml ] || waiting systemctl stop iotedge
    complain "IoT Edge is stopped, because old and new files do not belong together. Do not start it before the files are back."
  fi
  complain 'Put the reason right, then type: sudo sh install.sh. It puts the rest back first.'
}
