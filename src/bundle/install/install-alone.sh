# --- One installer at a time; signals; and where output goes from the first change on ---

# The lock is a folder with a file for each run. The file's name says which process it is of: its id, when it started, and
# the boot. A run that finds another one's file steps back. A file whose process is gone, be it by a power cut, holds up nobody.
# In an image the lock is in the image: two machines may not build one image at the same time, two images can be built at once.
lock() {
  CLAIM=$LOCK/$(claim_of "$$") tries=0
  trap leave EXIT
  trap_signals
  until error=$({ { [ -d "$LOCK" ] || mkdir -m 700 -- "$LOCK"; } && true >"$CLAIM"; } 2>&1); do # a run that ends removes the folder
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || stop_at "cannot make $LOCK, which keeps out a second run: $error. Is the file system read-only or full?"
  done
  tries=0
  while other=$(other_run); do
    # Two that start together see each other. The younger steps back, and the older looks again.
    if [ "$tries" = 2 ] || ! is_younger "$other"; then
      stop_at "another install.sh is at work here: process ${other%%.*}. Wait until it has ended, then type: sudo sh install.sh"
    fi
    tries=$((tries + 1))
    sleep 1
  done
  ! applies || stop_at "'iotedge config apply' runs here at this moment, and the two would mix. Wait until it has ended (pgrep -af 'iotedge config apply' shows it), then type: sudo sh install.sh"
}

stop_at() {
  complain "$1"
  complain 'Nothing was changed.'
  exit 1
}

find_lock() {
  # /run is empty after a start. Not every image has it.
  LOCK=$(inside /run)
  { [ -d "$LOCK" ] && [ -w "$LOCK" ]; } || LOCK=$(inside /etc)
  LOCK=$LOCK/iotedge-install.lock
}

unlock() {
  [ -n "$CLAIM" ] || return 0
  rm -f -- "$CLAIM"
  rmdir -- "$LOCK" 2>/dev/null
}

claim_of() { # PID: nothing if there is no such process
  if ! [ -r /proc/self/stat ]; then
    ! kill -0 "$1" 2>/dev/null || say "$1.."
  elif { read -r stat <"/proc/$1/stat"; } 2>/dev/null; then
    read -r boot </proc/sys/kernel/random/boot_id || boot=''
    # The name in parentheses may hold spaces. After it: the state, and as 20th word the start, see proc_pid_stat(5).
    # shellcheck disable=SC2086 # words
    set -- "$1" ${stat##*) }
    case $2 in Z | X) ;; *) say "$1.${21}.$boot" ;; esac
  fi
}

other_run() { # prints the claim of a run that goes on; removes those of runs that are gone
  for claim in "$LOCK"/*; do
    name=${claim##*/}
    case $name in
      "${CLAIM##*/}" | '*' | output | errors) ;;
      *)
        if [ "$name" = "$(claim_of "${name%%.*}")" ]; then
          say "$name"
          return
        fi
        [ -n "$DRY_RUN" ] || rm -f -- "$claim"
        ;;
    esac
  done
  return 1
}

is_younger() { # CLAIM: than this run
  mine=${CLAIM##*/} its=$1
  its_start=${its#*.} my_start=${mine#*.}
  its_start=${its_start%%.*} my_start=${my_start%%.*}
  [ "${its_start:-0}" -gt "${my_start:-0}" ] || { [ "$its_start" = "$my_start" ] && [ "${its%%.*}" -gt "$$" ]; }
}

# Somebody's, or that of a run of this script which was killed. With --root only the iotedge on PATH concerns the image.
applies() {
  [ "$FORM$RESTART" = tomlyes ] && [ -r /proc/self/cmdline ] || return 1
  program=iotedge
  [ -z "$ROOT" ] || program=$(command -v iotedge)
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | PROGRAM=$program awk '
    $0 == "apply" && last == "config" && (before == ENVIRON["PROGRAM"] || ENVIRON["PROGRAM"] == "iotedge" && before ~ /\/iotedge$/) { found = 1 }
    { before = last; last = $0 }
    END { exit !found }'
}

# --- Signals ---

trap_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
}

# Children ignore them too: a lost connection and Ctrl-C reach all processes of the terminal.
ignore_signals() { trap '' HUP INT QUIT PIPE TERM; }

# A shell handles a signal only after its current command, which may hang. `wait` returns at once.
# While everything is put back, a signal ends nothing but the wait for a command that hangs, and time does so as well.
waiting() { # COMMAND WORD...
  if [ -n "$ENDING" ]; then
    waiting_last "$@" # no bare "return" after it: in a trap bash returns what was before the trap
  else
    "$@" &
    wait "$!"
    result=$?
    WAITED=$!
    return "$result"
  fi
}

# The time is longer than systemd gives a service to stop: DefaultTimeoutStopSec=90s. The first signal to a run changes nothing here, since what
# is begun has to be finished. The next one ends the wait.
waiting_last() { # COMMAND WORD...
  trap : HUP INT QUIT PIPE TERM
  (
    ignore_signals
    exec "$@"
  ) &
  child=$!
  end_after 120 "$child" &
  WAITED=$!
  wait "$child"
  result=$?
  while [ -z "$SIGNALLED" ] && kill -0 "$child" 2>/dev/null; do
    SIGNALLED=yes
    wait "$child"
    result=$?
  done
  ignore_signals
  # A wait that was cut short leaves the child, which ignores all other signals.
  ! kill -9 "$child" 2>/dev/null || complain "'$*' did not end and was stopped."
  return "$result"
}

# Holds no output open, and ends by itself when the process has ended.
end_after() { # SECONDS PID
  exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
  ignore_signals
  seconds=$1
  while kill -0 "$2"; do
    [ "$seconds" -gt 0 ] || kill -9 "$2"
    seconds=$((seconds - 1))
    sleep 1
  done
}

# The command that was being waited for when a signal came. `$!` is known before any trap can run.
end_child() {
  case $WAITED in "${!:-}" | nothing) return 0 ;; esac
  child=$!
  kill "$child" 2>/dev/null || return 0
  end_after 5 "$child" &
  WAITED=$!
  wait "$child" 2>/dev/null
}

# --- Output ---

# The terminal may be gone at any moment (`ssh HOST sudo sh install.sh`, `install.sh | head`). A program that writes to it then
# fails: "iotedge" panics, so that it neither stops nor starts the services. From the first change on everything is written to
# pipes that are always read. What reads them goes on when the terminal is gone. The script itself holds them open for reading too.
from_here_on() {
  [ -z "$PIPED" ] || return 0
  output=$LOCK/output errors=$LOCK/errors
  rm -f -- "$output" "$errors"
  # shellcheck disable=SC2094 # a pipe
  { mkfifo -- "$output" "$errors" && exec 3>&1 4>&2 5<>"$output" 7<>"$errors" 6<"$output" 8<"$errors"; } ||
    stop_at "cannot make $output: see above. Is the file system read-only or full?"
  rm -f -- "$output" "$errors"
  WAITED=nothing # these two are not to be ended by a signal
  pass_on 6 3 &
  pipes=$!
  pass_on 8 4 &
  exec >&5 2>&7 6<&- 8<&-
  PIPED="$pipes $!" WAITED=$!
}

# With "exec" it has no other end of any pipe, so that it ends with the script in any case.
pass_on() { # FROM TO
  exec <&"$1" >&"$2" 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
  ignore_signals
  while IFS= read -r text && [ "$text" != "$END_OF_OUTPUT" ]; do
    printf '%s\n' "$text"
  done
}

# Until everything is shown that was said.
to_terminal() {
  [ -n "$PIPED" ] || return 0
  say "$END_OF_OUTPUT"
  say "$END_OF_OUTPUT" >&2
  exec >&3 2>&4 3>&- 4>&- 5>&- 7>&-
  # shellcheck disable=SC2086 # two
  wait $PIPED
  PIPED=''
}
