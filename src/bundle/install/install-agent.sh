# --- The version of the device's runtime, and edgeAgent, which keeps what it was made with ---

# A device that went on to another version may keep the users and folders of the one before.
check_generation() {
  own='' other=''
  for folder in /etc /usr/lib /lib /usr/local/lib; do
    [ ! -f "$(inside "$folder/systemd/system/$SERVICE.service")" ] || own=yes
    [ ! -f "$(inside "$folder/systemd/system/$OTHER_SERVICE.service")" ] || other=yes
  done
  if [ -z "$own" ] && [ -n "$other" ]; then
    refuse "this bundle is for IoT Edge $RUNTIME, whose service is $SERVICE, and the device has $OTHER_SERVICE. $(right_version "the device's version")"
  fi
}

check_version() {
  has=$(iotedge --version 2>/dev/null | sed -n 's/^iotedge \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
  differ="the device has IoT Edge $has, and this bundle is for $RUNTIME"
  case $FORM:$has in
    *: | *:"$(say "$RUNTIME" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')") ;;
    yaml:1.[01]) complain "$differ. $(right_version "$has")" ;;
    yaml:* | toml:1.[01]) refuse "$differ, which reads another file. $(right_version "$has")" ;;
    *) complain "$differ: not all of its configuration may count. $(right_version "$has")" ;;
  esac
}

right_version() { say "Set runtime.version of $DEVICE in the manifest to $1, and get the bundle again."; }

# edged starts an edgeAgent that exists, and never compares it with the configuration: edgelet/aziot-edged/src/watchdog.rs,
# https://github.com/Azure/iotedge/issues/6231. 1.1 removes all containers after each change: check_settings_state in
# edgelet/iotedged/src/lib.rs.
remember_agent() {
  AGENT='' CONTAINER=''
  APPLIED=$(inside /etc/aziot/edged/config.d/00-super.toml)
  [ "$FORM" = toml ] && [ -f "$APPLIED" ] && AGENT=$(agent_parts) || return 0
  ask_agent || ANSWER=unknown
  CONTAINER=$ANSWER
}

# What edged makes edgeAgent of, as "iotedge config apply" writes it. The registry's password counts for the pull alone.
agent_parts() {
  awk '
    /^\[/ {
      inside = /^\[+(agent|connect|moby_runtime)[].]/ && !/^\[+(agent[.]config[.]auth|moby_runtime[.]content_trust)[].]/
    }
    inside || /^hostname = /' "$APPLIED" | openssl dgst -sha256
}

ask_agent() { ask docker ps -aq --no-trunc -f "label=$EDGE_LABEL" -f 'name=^/?edgeAgent$'; }

# Where the container is another one by now, edged made it: it removes all after a change of the hub or the device id.
tell_agent() {
  { [ -n "$AGENT" ] && [ -n "$CONTAINER" ] && [ "$AGENT" != "$(agent_parts)" ]; } || return 0
  ask_agent || ANSWER=$CONTAINER
  case $CONTAINER in
    unknown | "$ANSWER") complain "edgeAgent keeps the image, the environment and the options that its container was made with, and the configuration has others now. To have it made again, type: sudo docker rm -f edgeAgent. IoT Edge makes it within a minute; the other modules go on running. The deployment in the hub must give edgeAgent the same environment, such as the proxy, or it goes back to its own." ;;
  esac
}
