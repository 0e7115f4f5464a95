# --- Whether the services of the runtime run, and go on running ---

PROPERTIES=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,ExecMainStartTimestampMonotonic,Result,ExecMainStatus

# Sets $STATES: a line for each unit with its name and these properties, "-" for one without a value. systemd prints them in an
# order of its own, and has NRestarts from 235 on; CentOS 7 has 219. There, a new start time tells a restart.
ask_states() { # UNIT...
  ask systemctl show -p "$PROPERTIES" "$@" || return 1
  STATES='' line=''
  no_properties
  while IFS= read -r line; do
    value=${line#*=}
    case ${value:+$line} in
      LoadState=*) load=$value ;;
      ActiveState=*) active=$value ;;
      SubState=*) sub=$value ;;
      UnitFileState=*) enabled=$value ;;
      MainPID=*) pid=$value ;;
      NRestarts=*) restarts=$value ;;
      ExecMainStartTimestampMonotonic=*) since=$value ;;
      Result=*) result=$value ;;
      ExecMainStatus=*) status=$value ;;
    esac
    # An empty line stands between two units.
    if [ -z "$line" ] && [ "$load$active" != -- ] && [ $# -gt 0 ]; then
      STATES="${STATES:+$STATES
}$1 $load $active $sub $enabled $pid $restarts $since $result $status"
      no_properties
      shift
    fi
  done <<END
$ANSWER

END
  [ -n "$STATES" ]
}

no_properties() { load=- active=- sub=- enabled=- pid=- restarts=- since=- result=- status=-; }

# The answer of a program into $ANSWER. It may hang: a shell handles a signal only after `$(...)`, and at once in `wait`.
ask() { # COMMAND...
  if [ -z "${CLAIM-}" ]; then
    ANSWER=$("$@")
  else
    waiting "$@" >"$CLAIM"
    ended=$?
    ANSWER=''
    while IFS= read -r line; do
      ANSWER="$ANSWER$line
"
    done <"$CLAIM"
    return "$ended"
  fi
}

# A service runs if it is in the same process at each look across 15 seconds. One look proves nothing: systemd starts a dead daemon
# again, up to 1.1 after 0.1 seconds, later after 5 seconds (Restart=on-failure, RestartSec= of iotedge.service and aziot-*.service).
# A daemon that starts late has two more looks, 10 seconds, for itself.
stays_up() {
  step=$(((SECONDS_UP + 2) / 3)) look=0 last=3 SEEN=''
  while look_again; do
    [ "$look" -lt "$last" ] || return 0
    look=$((look + 1))
    [ "$step" = 0 ] || waiting sleep "$step"
  done
  return 1
}

look_again() {
  # shellcheck disable=SC2086 # a list
  if ! ask_states $DAEMONS; then
    complain "systemctl does not say whether $SERVICE runs. Type: systemctl status $SERVICE"
    return 1
  fi
  while read -r unit _ active sub _ pid restarts since result status; do
    judge || return 1
  done <<END
$STATES
END
}

# edged stays active while another daemon fails, so all are judged. Its socket starts a daemon when somebody asks it; until then it
# is inactive. tpmd is not judged: a device with certificates does not ask it.
judge() {
  now="$unit=$pid/$restarts/$since" what=''
  case $active/$sub/$SEEN in
    active/*" $now "* | reloading/*" $now "*) return ;;
    active/*" $unit="* | reloading/*" $unit="*) what='does not stay up: it ended, and systemd started it again' ;;
    active/* | reloading/*) notice ;;
    activating/auto-restart*) what='does not stay up: it ended, and systemd starts it again' ;;
    failed/*) what="failed ($result, exit status $status$(cause "$status"))" ;;
    inactive/*" $unit="*) what='ended' ;;
    inactive/*) [ "$unit" != "$SERVICE" ] || what='is not active' ;;
    *) what="is $active ($sub)" ;;
  esac
  [ -z "$what" ] || unwell "$what"
}

notice() {
  SEEN="$SEEN $now "
  [ "$look" = 0 ] || [ "$last" -gt $((look + 1)) ] || last=$((look + 2))
}

# RestartPreventExitStatus=153 of both services: systemd does not start it again until somebody does.
cause() { [ "$1" != 153 ] || say ': it cannot read its configuration'; }

# Says it with the end of the daemon's journal, and fails.
unwell() { # WHAT
  complain "$unit $1. The end of its journal:"
  ask journalctl -u "$unit" -n 10 --no-pager
  say "$ANSWER" | without_secrets >&2
  return 1
}
