# --- The services of the runtime: what they are before, whether anything is to do, the restart ---

# Sets $RAN, the units that run before anything changes. They run again after a failure, and no others. A run that was cut off
# may have stopped them: then the mark says which ran before it.
look_at_services() {
  now_running='' DISABLED=''
  [ -n "$RESTART" ] || return 0
  # shellcheck disable=SC2086 # lists
  if ! ask_states $DAEMONS $SOCKETS; then
    refuse "systemctl does not say whether $SERVICE runs: see above. This needs systemd as the system's first process. To install into an image, type: sudo sh install.sh --root DIR"
    return
  fi
  while read -r unit load active _ enabled _; do
    case $active in active | activating | reloading) now_running="$now_running $unit" ;; esac
    [ "$enabled" != disabled ] || DISABLED="$DISABLED $unit"
    case $load:$unit in
      # "iotedge config apply" says "Done." all the same: start in aziotctl/aziotctl-common/src/system/restart.rs.
      masked:*) refuse "$unit is masked, so systemd does not start it. Type: sudo systemctl unmask $unit" ;;
      not-found:"$SERVICE") refuse "systemd has no service $SERVICE, which IoT Edge $RUNTIME brings. Type: $INSTALL $PACKAGE" ;;
    esac
  done <<END
$STATES
END
  [ "$STATE" = back ] || RAN=$now_running
  tell_disabled
}

# The sockets of the other daemons start them. Those of the service itself are started by it.
tell_disabled() {
  boot=''
  for unit in $DAEMONS; do
    case $unit in
      "$SERVICE") case " $DISABLED " in *" $unit "*) boot="$boot $unit" ;; esac ;;
      *) case " $DISABLED " in *" $unit "*" $unit.socket "*) boot="$boot $unit.socket" ;; esac ;;
    esac
  done
  [ -z "$boot" ] || complain "disabled, so not started when the device boots:$boot. Type: sudo systemctl enable$boot"
}

# All files are as wanted. Do the services run, with this configuration?
services_as_wanted() {
  [ -n "$RESTART" ] || return 0
  if ! applied; then
    say "$CONFIG was never applied, or was changed after that."
    return 1
  fi
  [ -z "$DRY_RUN" ] || SECONDS_UP=0
  stays_up
}

# From 1.2 on the daemons read what "iotedge config apply" makes of the configuration. 1.1 reads it when it starts.
applied() {
  if [ "$FORM" = yaml ]; then
    ! since=$(started_at) || [ "$(changed "$CONFIG")" -le "$since" ]
    return
  fi
  for daemon in keyd certd identityd edged; do
    made=$(inside "/etc/aziot/$daemon/config.d/00-super.toml")
    { [ -e "$made" ] && [ "$(changed "$CONFIG")" -le "$(changed "$made")" ]; } || return 1
  done
}

# In seconds since 1970. The change of its state counts too: a copy may keep the old date of its content.
changed() { stat -c %Z -- "$1"; }

# Two seconds after the service's process started, if it can be known. proc(5): field 22 of its stat is in ticks, a hundredth of a
# second each, since the boot. The second field may hold spaces and brackets.
started_at() {
  process=$(say "$STATES" | awk -v unit="$SERVICE" '$1 == unit { print $6 }')
  [ -z "$ROOT" ] && [ -r "/proc/$process/stat" ] || return 1
  { sed 's/.*) //' "/proc/$process/stat" && cat /proc/uptime; } |
    awk -v now="$(date +%s)" 'NR == 1 { ticks = $20 } NR == 2 { printf "%.0f\n", now - $1 + ticks / 100 + 2 }'
}

restart() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload || return 1
  forget_failures
  remember_agent
  if [ "$FORM" = yaml ]; then waiting systemctl restart iotedge; else waiting iotedge config apply -c "$CONFIG"; fi || return 1
  stays_up || return 1
  tell_agent
}

# A unit that failed before stays so until it starts, and its starts count: systemd refuses the sixth within 10 seconds.
forget_failures() {
  failed=''
  # shellcheck disable=SC2086 # lists
  ask_states $DAEMONS $SOCKETS || return 0
  while read -r unit _ active _; do
    [ "$active" != failed ] || failed="$failed $unit"
  done <<END
$STATES
END
  # shellcheck disable=SC2086 # a list
  [ -z "$failed" ] || waiting systemctl reset-failed $failed
}

# After a failure, with the old files. All daemons of 1.2 and later are stopped by now.
restart_old() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload
  forget_failures
  case "$FORM $RAN " in
    yaml*" $SERVICE "*) waiting systemctl restart "$SERVICE" ;;
    toml*" $SERVICE "*) waiting iotedge system restart ;;
    *)
      [ "$FORM" = toml ] || waiting systemctl stop "$SERVICE"
      # shellcheck disable=SC2086 # a list
      [ -z "$RAN" ] || waiting systemctl start $RAN
      ;;
  esac
}

# Of a run that failed.
outcome() {
  if [ -n "$SAME" ]; then
    say "The files of $DEVICE are in place, and $SERVICE does not run with them."
  else
    say "$DEVICE is not installed.${BACK:+ The old files are back.}"
  fi
}
