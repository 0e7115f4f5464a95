#!/bin/sh
# systemctl, iotedge, sleep, journalctl and docker of a simulated device (device.ts). It stands beside a folder "root", which
# is the device's file system, and keeps what it knows in folders of its own: "services" (clock in milliseconds, units)
# and "control" (what the test wants). Nothing waits: `sleep` moves the clock on.
# It logs each start of a daemon with what the daemon reads then: the first line of its configuration, and the second
# line of the certificate, which no two certificates share.
here=${0%/*/*} name=${0##*/}
root=$here/root state=$here/services control=$here/control
read -r form certificate <"$control/device"
if [ "$form" = yaml ]; then daemons=iotedge; else daemons='aziot-keyd aziot-certd aziot-identityd aziot-tpmd aziot-edged'; fi

# A moment at which the test may send its signal: see shim.sh.
moment() { [ ! -x "$here/shims/inner" ] || "$here/shims/inner" "$name $*"; }
log() { printf '%s\n' "$*" >>"$here/log"; }
now() { read -r clock <"$state/clock"; }

first_line() {
  line=none
  [ ! -r "$1" ] || IFS= read -r line <"$1"
  printf %s "$line"
}

start() { # UNIT
  now
  daemon=${1#aziot-} config=$root/etc/iotedge/config.yaml
  [ "$form" = yaml ] || config=$root/etc/aziot/$daemon/config.d/00-super.toml
  carried=none
  [ ! -r "$root$certificate" ] || carried=$(sed -n 2p "$root$certificate")
  read -r pid <"$state/pid"
  pid=$((pid + 100))
  printf '%s\n' "$pid" >"$state/pid"
  with=$(first_line "$config")
  printf '%s %s %s\n' "$clock" "$pid" "$with" >"$state/unit $1"
  log "start $1 $with|$carried"
}
stop() { rm -f "$state/unit $1" && log "stop $1"; }

# "control/lives UNIT" has the milliseconds that a daemon lives, those after which systemd starts it again (or "never"),
# the last process id that is not concerned, and the first line of the configuration with which it is so ("any" for all).
# systemd gives up at the sixth start within ten seconds: StartLimitBurst= and StartLimitIntervalSec= of systemd.unit(5).
look() { # UNIT: sets active, sub, pid, restarts
  active=inactive sub=dead pid=0 restarts=0 since=0
  [ -f "$state/unit $1" ] || return 0
  read -r began pid with <"$state/unit $1"
  active=active sub=running since=$((began * 1000))
  [ -f "$control/lives $1" ] || return 0
  read -r lives delay spared only <"$control/lives $1"
  [ "$pid" -gt "$spared" ] || return 0
  [ "$only" = any ] || [ "$only" = "$with" ] || return 0
  now
  age=$((clock - began))
  if [ "$delay" = never ]; then
    [ "$age" -lt "$lives" ] || active=failed sub=failed pid=0
    return 0
  fi
  period=$((lives + delay))
  restarts=$((age / period))
  if [ $((5 * period)) -lt 10000 ] && [ "$restarts" -ge 5 ]; then
    active=failed sub=failed pid=0 restarts=5
  elif [ $((age % period)) -lt "$lives" ]; then
    pid=$((pid + restarts)) since=$(((began + restarts * period) * 1000))
  else
    active=activating sub=auto-restart pid=0
  fi
}

units() { # ARGUMENT...: those that are no option, without ".service"
  for word in "$@"; do
    case $word in -*) ;; *) printf '%s\n' "${word%.service}" ;; esac
  done
}

show() { # --property=NAME,... -p NAME,... --value UNIT...
  wanted='' value='' of=''
  while [ $# -gt 0 ]; do
    case $1 in
      --property=*) wanted=$wanted,${1#*=} ;;
      -p | --property) wanted=$wanted,$2 && shift ;;
      -p*) wanted=$wanted,${1#-p} ;;
      --value) value=yes ;;
      -*) ;;
      *) of="$of ${1%.service}" ;;
    esac
    shift
  done
  again=''
  for unit in $of; do
    [ -z "$again" ] || printf '\n'
    again=yes
    look "$unit"
    enabled=enabled
    [ ! -f "$control/enabled $unit" ] || read -r enabled <"$control/enabled $unit"
    loaded=loaded
    [ "$enabled" != masked ] || loaded=masked
    # systemd prints properties in an order of its own, whatever was asked for.
    for property in "MainPID=$pid" "NRestarts=$restarts" "ExecMainStartTimestampMonotonic=$since" Result=success ExecMainStatus=0 "LoadState=$loaded" \
      "ActiveState=$active" "SubState=$sub" "UnitFileState=$enabled" NeedDaemonReload=no; do
      case ",$wanted," in
        *",${property%%=*},"* | ,,) if [ -n "$value" ]; then printf '%s\n' "${property#*=}"; else printf '%s\n' "$property"; fi ;;
      esac
    done
  done
}

systemctl() {
  verb=''
  while [ $# -gt 0 ]; do
    case $1 in -*) options="${options-} $1" ;; *) verb=$1 && shift && break ;; esac
    shift
  done
  case $verb in
    show) show "$@" ;;
    start) for unit in $(units "$@"); do look "$unit" && { [ "$active" = active ] || start "$unit"; }; done ;;
    stop) for unit in $(units "$@"); do moment stop "$unit" && stop "$unit"; done ;;
    restart | try-restart) for unit in $(units "$@"); do stop "$unit" && moment restart "$unit" && start "$unit"; done ;;
    is-active)
      code=3
      for unit in $(units "$@"); do
        look "$unit"
        case "$*" in *--quiet* | *-q*) ;; *) printf '%s\n' "$active" ;; esac
        [ "$active" != active ] || code=0
      done
      return "$code"
      ;;
    is-failed) for unit in $(units "$@"); do look "$unit" && printf '%s\n' "$active" && [ "$active" = failed ] && return 0; done && return 1 ;;
    is-enabled)
      for unit in $(units "$@"); do
        enabled=enabled
        [ ! -f "$control/enabled $unit" ] || read -r enabled <"$control/enabled $unit"
        printf '%s\n' "$enabled"
      done
      [ "$enabled" = enabled ]
      ;;
  esac
}

# `apply` of edgelet/iotedge/src/config/apply.rs writes a file for each daemon, and then restarts them.
apply() { # FILE
  for daemon in keyd certd identityd tpmd edged; do
    moment apply "$daemon"
    file=$root/etc/aziot/$daemon/config.d/00-super.toml
    umask 077
    if [ "$daemon" = identityd ]; then
      { first_line "$1" && printf '\nhostname = "edge-001"\nhomedir = "/var/lib/aziot/identityd"\n'; } >"$file"
    else
      cat -- "$1" >"$file"
    fi
  done
  for unit in $daemons; do stop "$unit"; done
  moment apply start
  for unit in $daemons; do start "$unit"; done
}

iotedge() {
  case "$1 ${2-}" in
    'config apply') apply "$4" ;;
    'system stop') for unit in $daemons; do moment stop "$unit" && stop "$unit"; done ;;
    'system restart')
      for unit in $daemons; do stop "$unit"; done
      moment restart
      for unit in $daemons; do start "$unit"; done
      ;;
    'check '*) [ ! -f "$control/check fails" ] ;;
  esac
}

# "sleep 0.25" too. Who waits for a second at a time watches a process that is real, and must not be faster than it.
sleep() {
  [ "$1" != 1 ] || command -p sleep 0.02
  whole=${1%%.*} part=0
  case $1 in *.*) part=${1#*.}00 ;; esac
  while [ ${#part} -gt 3 ]; do part=${part%?}; done
  while [ "$part" != 0 ] && [ "${part#0}" != "$part" ]; do part=${part#0}; done
  now
  printf '%s\n' $((clock + ${whole:-0} * 1000 + ${part:-0})) >"$state/clock"
}

journalctl() { printf 'a line of the journal\n'; }
docker() { :; }

[ "$name" = sleep ] || log "call $name $*"
"$name" "$@"
