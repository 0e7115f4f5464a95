
# --- The users of the services: whom files are given to, and what may be asked in their name ---

# Owners and groups as numbers: users of another root have other ids than users of this machine. A system by ostree keeps its own users
# in /usr/lib: nss-altfiles(5).
find_users() {
  PASSWD='' GROUP=$(shown /etc/group /usr/lib/group)
  [ -z "$ROOT" ] || PASSWD=$(shown /etc/passwd /usr/lib/passwd)
  CERTIFICATE_RUN=$(properties_of "$CERTIFICATE_UNIT") KEY_RUN='' CONFIG_RUN=''
  [ "$CONFIG_UNIT" != "$CERTIFICATE_UNIT" ] || CONFIG_RUN=$CERTIFICATE_RUN
  if [ "$KEY_UNIT" = "$CERTIFICATE_UNIT" ]; then KEY_RUN=$CERTIFICATE_RUN; else KEY_RUN=$(properties_of "$KEY_UNIT"); fi
  CERTIFICATE_OWNER=$(owner "$CERTIFICATE_USER" "$CERTIFICATE_RUN") && KEY_OWNER=$(owner "$KEY_USER" "$KEY_RUN") &&
    CONFIG_OWNER=$(owner "$CONFIG_USER" "$CONFIG_RUN") || return 1
  ROOT_OWNER=$(owner root '') || ROOT_OWNER=0:0
  CERTIFICATE_GROUPS=$(groups_of "$CERTIFICATE_USER" "$CERTIFICATE_RUN" "$CERTIFICATE_OWNER")
  CERTIFICATE_MEANS=$(means "$CERTIFICATE_USER" "$CERTIFICATE_OWNER" "$CERTIFICATE_GROUPS")
  if [ "$KEY_UNIT" = "$CERTIFICATE_UNIT" ]; then
    KEY_GROUPS=$CERTIFICATE_GROUPS KEY_MEANS=$CERTIFICATE_MEANS
  else
    KEY_GROUPS=$(groups_of "$KEY_USER" "$KEY_RUN" "$KEY_OWNER")
    KEY_MEANS=$(means "$KEY_USER" "$KEY_OWNER" "$KEY_GROUPS")
  fi
}

shown() { # PATH...: what these files of the device say, as far as they are there
  for path in "$@"; do cat -- "$(inside "$path")" 2>/dev/null; done
}

# Prints "UID:GID". The group is the unit's, where it names one: Debian's package of 1.1 makes the user iotedge in the group nogroup
# ("adduser --system" in edgelet/contrib/debian/preinst), and its unit has Group=iotedge.
owner() { # USER PROPERTIES
  if [ -n "$ROOT" ]; then
    ids=$(say "$PASSWD" | awk -F: -v name="$1" '$1 == name { print $3 ":" $4; exit }')
  else
    ids=$(id -u "$1" 2>/dev/null) && ids=$ids:$(id -g "$1")
  fi
  [ -n "$ids" ] || return 1
  group=$(property "$2" Group)
  [ -z "$group" ] || group=$(group_id "$group")
  say "${ids%:*}:${group:-${ids#*:}}"
}

group_id() { # GROUP: a name or a number
  case $1 in
    *[!0-9]*) say "$GROUP" | awk -F: -v name="$1" '$1 == name { print $3; exit }' ;;
    *) say "$1" ;;
  esac
}

group_name() { # GID
  say "$GROUP" | awk -F: -v id="$1" '$3 == id { print $1; found = 1; exit } END { if (!found) print id }'
}

property() { # PROPERTIES NAME
  [ -z "$1" ] || say "$1" | sed -n "s/^$2=//p"
}

# How a unit is run, in lines NAME=VALUE, as "systemctl show" prints them. An image has no systemd that runs: there the unit is read, and
# its drop-ins after it.
properties_of() { # UNIT
  if [ -z "$ROOT" ]; then
    systemctl show -p Group -p SupplementaryGroups -p Environment -p EnvironmentFiles "$1.service" 2>/dev/null
    return
  fi
  for folder in /etc /usr/local/lib /usr/lib /lib; do
    unit=$(inside "$folder/systemd/system/$1.service") && [ -f "$unit" ] && break
  done
  cat -- "$unit" "$(inside "/usr/lib/systemd/system/$1.service.d")"/*.conf "$(inside "/etc/systemd/system/$1.service.d")"/*.conf \
    2>/dev/null | awk '
    /^[ \t]*\[/ { here = /^[ \t]*\[Service\]/ }
    here && match($0, /^[ \t]*(Group|SupplementaryGroups)[ \t]*=/) {
      name = substr($0, 1, RLENGTH - 1); gsub(/[ \t]/, "", name)
      text = substr($0, RLENGTH + 1); gsub(/^[ \t]+|[ \t\r]+$/, "", text)
      value[name] = (text == "" || name == "Group") ? text : value[name] " " text
    }
    END { for (name in value) print name "=" value[name] }'
}

# All groups that a service is in: initgroups(User, Group) and SupplementaryGroups, as in systemd.exec(5). The group that the user
# has in passwd does not count where the unit has another one.
groups_of() { # USER PROPERTIES OWNER
  say "${3#*:}"
  if [ -n "$ROOT" ] || [ -n "$(property "$2" Group)" ]; then
    say "$GROUP" | awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }'
  else
    for more in $(id -G "$1"); do say "$more"; done
  fi
  for more in $(property "$2" SupplementaryGroups); do group_id "$more"; done
}

# Which program can run others with the rights of a service. setpriv takes the very ids and groups. runuser takes the first group; su,
# which busybox has, takes only what passwd says. An image's users are no users of this machine: of the three, setpriv alone knows numbers.
means() { # USER OWNER GROUPS
  [ "$ME" = 0 ] || return 0
  for tool in setpriv runuser su; do
    [ "$tool" = setpriv ] || [ -z "$ROOT" ] || return 0
    [ "$tool" != su ] || [ "$(id -g "$1")" = "${2#*:}" ] || return 0
    ! become "$tool" "$1" "$2" "$3" test -d / >/dev/null 2>&1 || { say "$tool" && return; }
  done
}

# In an environment without the secrets.
become() ( # TOOL USER OWNER GROUPS COMMAND ARGUMENT...
  tool=$1 user=$2 ids=$3 groups=$4
  shift 4
  case $tool in
    setpriv) set -- --reuid "${ids%:*}" --regid "${ids#*:}" --groups "$(say "$groups" | sort -u | paste -s -d , -)" -- "$@" ;;
    runuser) set -- -u "$user" -g "$(group_name "${ids#*:}")" -- "$@" ;;
    su)
      words=''
      for word in "$@"; do words="$words $(quoted "$word")"; done
      set -- -s /bin/sh "$user" -c "$words"
      ;;
  esac
  run_clean "$tool" "$@"
)

# $WITH has words of the environment of a unit.
run_clean() (
  set -f
  # shellcheck disable=SC2086 # they are words
  env -i PATH="$PATH" LC_ALL=C ${WITH-} "$@" </dev/null
)

of_service() { # USER: its $ids, $groups and $means
  case $1 in
    "$KEY_USER") ids=$KEY_OWNER groups=$KEY_GROUPS means=$KEY_MEANS ;;
    *) ids=$CERTIFICATE_OWNER groups=$CERTIFICATE_GROUPS means=$CERTIFICATE_MEANS ;;
  esac
}

# Fails with 126 where nothing can be asked in the name of a service.
as_service() ( # USER COMMAND ARGUMENT...
  of_service "$1"
  [ -n "$means" ] || exit 126
  user=$1
  shift
  become "$means" "$user" "$ids" "$groups" "$@"
)
