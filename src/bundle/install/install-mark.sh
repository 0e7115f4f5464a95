# --- The mark, which says on the disk how far a run is, and what the next run does if it was cut off ---

# It is replaced by one rename, so that half a mark is never read.
write_mark() { # STATE
  NEXT=$1
  stage "$MARK" 600 "$ME:$(id -g)" mark_text && put "$MARK" new && sync_folder "${MARK%/*}"
}

# The second line says which services ran before: a power cut and the run itself may have stopped them.
mark_text() {
  printf 'now:%s:%s\n%s\n' "$NEXT" "$DUE" "$RAN"
  each note
}

note() {
  case $kind in place) text=$mode:$owner ;; esac
  printf '%s\n%s\n' "$kind:$had:$text" "${file#"$ROOT"}"
}

# An empty mark says that the files are back. It needs no space, so it can be had on a full disk.
read_mark() {
  NOW=placing DUE=yes RAN=" $SERVICE" COUNT=0
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

# A signal may have come while a new mark was made.
remove_mark() { close_room "$MARK" new && remove_file "$MARK" && sync_folder "${MARK%/*}"; }

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
