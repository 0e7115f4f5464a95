# --- The host name: the manifest's, else the one that the device has, else the machine's own ---

EDGE_LABEL=net.azure-devices.edge.owner=Microsoft.Azure.Devices.Edge.Agent

# Sets $MACHINE, the machine's name; $HAS, the name that the device was set up with; $NAME, the one that it gets; and $NAME_TEXT,
# the line that says so in the configuration. From 1.2 on there is no line for the machine's own name: the runtime takes it by itself.
find_host_name() {
  MACHINE=$(machine_name) HAS='' NAME=$HOST_NAME NAME_TEXT='' UNSURE=''
  SET_UP=$CONFIG set_up_in=yaml
  if [ "$FORM" = toml ]; then
    SET_UP=$(inside /etc/aziot/identityd/config.d/00-super.toml) || count_fault
    set_up_in=toml
    # "iotedge config import" too keeps the name of a device that comes from 1.1.
    if [ ! -e "$SET_UP" ]; then
      SET_UP=$(inside /etc/iotedge/config.yaml) || count_fault
      set_up_in=yaml
    fi
  fi
  if [ ! -e "$SET_UP" ]; then
    : # a new device
  elif [ ! -f "$SET_UP" ]; then
    refuse "$SET_UP is no plain file, expected the configuration of the device. Look at it (ls -l), and remove it."
    return
  elif HAS=$(name_in "$SET_UP" "$set_up_in"); then
    [ -z "$HOST_NAME" ] || check_renaming
  elif [ -z "$HOST_NAME" ]; then
    refuse "the host name of $DEVICE in $SET_UP cannot be read from it, expected the name in quotes on one line. It must stay what it is: write it into the manifest (config.hostname of $DEVICE), and get the bundle again."
    return
  fi
  [ -z "$NAME_LINE" ] || fill_in_name
}

fill_in_name() {
  NAME=${HAS:-$MACHINE}
  if [ "$FORM" = toml ] && [ "$NAME" = "$MACHINE" ]; then
    return
  elif [ -z "$NAME" ]; then
    refuse "the image has no host name, and IoT Edge $RUNTIME needs one. Write it into $ROOT/etc/hostname; or write it into the manifest (config.hostname of $DEVICE), and get the bundle again."
    return
  fi
  case $NAME in *[[:cntrl:]]*) refuse "the host name of this machine holds a control character. Type: sudo hostnamectl set-hostname NAME" && return ;; esac
  NAME_TEXT=$NAME_BEFORE$(escaped "$NAME")$NAME_AFTER
}

escaped() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }

# An image has the name of its own file, as systemd reads it: hostname(5). "?" stands for what is known only at the first start.
machine_name() {
  if [ -z "$ROOT" ]; then
    uname -n
  elif file=$(inside /etc/hostname) && [ -f "$file" ]; then
    awk '/^[ \t\r]*(#|$)/ { next } { gsub(/^[ \t]+|[ \t\r]+$/, ""); if (!index($0, "?")) print; exit }' "$file"
  fi
}

# The name in the file that the runtime or this script wrote, or nothing if it has none. Fails if it could be there in another form.
# A writer of TOML takes single quotes for a text with double ones.
name_in() { # FILE toml|yaml
  FORM=$2 awk '
    NR == 1 { sub(/^\357\273\277/, "") }
    { sub(/\r$/, "") }
    toml() && /^[ \t]*\[/ { exit }
    /^hostname[ \t]*[:=]/ && !/^hostname:[^ \t]/ { count++; name = value(substr($0, match($0, /[:=]/) + 1)); next }
    /^[^#]*hostname[^#A-Za-z0-9_]*[:=]/ && !/^[^#]*[A-Za-z0-9_.-]hostname/ { elsewhere = 1 }
    END {
      if (count > 1 || odd || (!count && elsewhere)) exit 1
      if (name != "" && (toml() || name !~ /^[ \t]*<.*>[ \t]*$/)) print name
    }
    function toml() { return ENVIRON["FORM"] == "toml" }
    function value(rest,   mark, c, out) {
      sub(/^[ \t]+/, "", rest)
      mark = substr(rest, 1, 1)
      if (mark != "\"" && mark != "\047") return plain(rest)
      for (rest = substr(rest, 2); rest != ""; rest = substr(rest, 2)) {
        c = substr(rest, 1, 1)
        if (c == mark && !(mark == "\047" && !toml() && substr(rest, 2, 1) == mark)) return ended(substr(rest, 2), out)
        if (c == mark || (c == "\\" && mark == "\"")) {
          rest = substr(rest, 2)
          c = substr(rest, 1, 1)
          if (c != "\\" && c != mark) break
        }
        if (c ~ /[\001-\037\177]/) break
        out = out c
      }
      odd = 1
    }
    function plain(rest) {
      sub(/([ \t]+#.*|[ \t]+)$/, "", rest)
      if (rest ~ /^#/) rest = ""
      if (rest == "" && !toml()) return ""
      if (toml() || rest !~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/ || tolower(rest) ~ /^(null|true|false|yes|no|on|off|y|n|0[xo].*|[0-9]+\.?[0-9]*(e[0-9+-]*)?)$/) odd = 1
      return rest
    }
    function ended(rest, name) {
      if (rest !~ /^([ \t]+#.*|[ \t]*)$/) odd = 1
      return name
    }' "$1"
}

# From 1.3 on "iotedge config apply" refuses another name while containers of IoT Edge exist.
check_renaming() {
  { [ "$RENAMING_REFUSED$RESTART$set_up_in" = yesyestoml ] && [ -n "$HAS" ] && [ "$HAS" != "$HOST_NAME" ]; } || return 0
  if ! ask docker ps -aq -f "label=$EDGE_LABEL" 2>/dev/null; then
    UNSURE=yes
    complain "docker cannot be asked whether IoT Edge has containers. If it has, this ends with the old files: $(renaming)"
  elif [ -n "$ANSWER" ]; then
    refuse "$(renaming)"
  fi
}

renaming() {
  keep=$(escaped "$HAS")
  [ "$HAS" != "$DEVICE" ] || keep='{id}'
  say "the configuration calls $DEVICE '$HOST_NAME', and it was set up as '$HAS' ($SET_UP). IoT Edge $RUNTIME refuses another name while its containers exist. To keep the name, write into the manifest, in config of $DEVICE: hostname: \"$keep\"; and get the bundle again. To change it, remove the containers. WARNING: all modules and their data are lost. Type, one directly after the other: sudo iotedge system stop; sudo docker rm -f \$(sudo docker ps -aq -f label=$EDGE_LABEL); sudo sh install.sh. Do not type 'iotedge config apply', as iotedge itself says: it applies the old file, so that the data is lost and the name stays."
}

# A warning only: the runtime works, and another name may lead to this machine. But "iotedge check" will report an error.
# Its rules: 1.1 compares upper and lower case; later versions do not, and they accept an address.
check_host_name() {
  { [ -n "$NAME" ] && [ -n "$MACHINE" ]; } || return 0
  machine=$MACHINE wanted=$NAME
  if [ "$FORM" = toml ]; then
    [ -z "$HOST_ADDRESS" ] || return 0
    # The name that the device has is looked at less closely than the manifest's.
    [ -n "$HOST_NAME" ] || case $wanted in *:*:*) return ;; *[!0-9.]*) ;; *.*.*.*) return ;; esac
    machine=$(say "$machine" | tr '[:upper:]' '[:lower:]') wanted=$(say "$wanted" | tr '[:upper:]' '[:lower:]')
  fi
  case $wanted in "$machine" | "$machine".*) return ;; esac
  other=''
  [ -z "$HOST_NAME" ] || [ "$HOST_NAME" = "$HAS" ] || other="; or set config.hostname in the manifest to $MACHINE, alone or with its domain, and get the bundle again"
  complain "the configuration calls this machine $NAME and its name is $MACHINE, which iotedge check will call an error. Type: sudo hostnamectl set-hostname $(quoted "$NAME")$other."
}

quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

