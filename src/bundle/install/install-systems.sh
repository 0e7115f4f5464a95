
# --- Kinds of systems: what installs a package here, and what is missing where the runtime is not found ---

# Said first: much of what follows looks like faults and is only what another user may not see.
say_without_root() {
  complain 'this dry run is not run by root. What only root can read is told as missing, and rights are not looked at. For the whole check type: sudo sh install.sh --dry-run'
}

# The manifest tells families of systems apart. Their members have package managers of other names: tdnf is Azure Linux's, and a
# system by ostree takes packages from rpm-ostree alone.
how_to_get() { # PACKAGE
  if [ -e /run/ostree-booted ] && command -v rpm-ostree >/dev/null; then
    say "Type: sudo rpm-ostree install $1; sudo systemctl reboot"
    return
  fi
  manager=${INSTALL#sudo } manager=${manager%% *}
  for one in "$manager" apt-get dnf tdnf yum; do
    ! command -v "$one" >/dev/null || { say "Type: sudo $one install $1" && return; }
  done
  say "No package manager is here that this script knows. Add the package $1 to the system's image."
}

not_installed() {
  users="user $CERTIFICATE_USER"
  [ "$KEY_USER" = "$CERTIFICATE_USER" ] || users="users $CERTIFICATE_USER and $KEY_USER"
  usual=/etc/aziot
  [ "$FORM" = toml ] || usual=/etc/iotedge
  expected="IoT Edge $RUNTIME is not installed${ROOT:+ in $ROOT}: expected the $users and the folder $ROOT$usual."
  if has_snap; then
    # snap/hooks/configure of Azure/iotedge writes config.toml from this setting; the layout in snap/snapcraft.yaml of
    # Azure/iot-identity-service shows the folder to the services as /var/secrets/aziot.
    say "IoT Edge is a snap here (azure-iot-edge), which this script does not serve: it has other users and folders. In the manifest, let identity.certificate and identity.privateKey lie in /var/secrets/aziot. Put both files into $ROOT/var/snap/azure-iot-identity/current/shared/secrets/aziot, and type: sudo snap set azure-iot-edge raw-config=\"\$(cat $CONFIG_NAME)\""
  elif [ -n "$ROOT" ] && [ -d "$ROOT/usr/etc" ] && [ ! -d "$ROOT/etc" ]; then
    say "$ROOT is an ostree that is not deployed: it has no folder etc, and what is in its var does not reach a device that is set up already. Install this bundle on the started device."
  elif made_at_start; then
    say "$expected systemd makes the users at the first start (sysusers.d), and files cannot be given to them before. Type: sudo systemd-sysusers${ROOT:+ --root=$(quoted "$ROOT")}"
  elif [ -n "$ROOT" ]; then
    say "$expected Install the package $PACKAGE in the image."
  else
    say "$expected $(how_to_get "$PACKAGE")"
  fi
}

has_snap() { [ "$FORM" = toml ] && { [ -d "$ROOT/var/snap/azure-iot-edge" ] || [ -e "$ROOT/snap/azure-iot-edge" ]; }; }

made_at_start() {
  cat -- "$(inside /etc/sysusers.d)"/*.conf "$(inside /usr/local/lib/sysusers.d)"/*.conf "$(inside /usr/lib/sysusers.d)"/*.conf 2>/dev/null |
    awk -v name="$CERTIFICATE_USER" '$1 ~ /^u/ && $2 == name { found = 1 } END { exit !found }'
}
