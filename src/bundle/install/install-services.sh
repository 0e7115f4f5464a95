# --- The services of the runtime: restarts them and looks at them ---

restart() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload || return 1
  if [ "$FORM" = yaml ]; then waiting systemctl restart iotedge; else waiting iotedge config apply -c "$CONFIG"; fi || return 1
  # config apply succeeds even if a service does not start.
  waiting sleep "${INSTALL_WAIT:-5}"
  waiting systemctl is-active --quiet "$SERVICE" || {
    complain "$SERVICE is not active after the restart."
    return 1
  }
}

restart_old() {
  [ -z "$RELOAD" ] || waiting systemctl daemon-reload
  if [ "$FORM" = yaml ] && [ -e "$CONFIG" ]; then
    waiting systemctl restart iotedge
  elif [ "$FORM" = yaml ]; then
    waiting systemctl stop iotedge
  elif [ -e "$ROOT/etc/aziot/identityd/config.d/00-super.toml" ]; then
    waiting iotedge system restart
  fi
}
