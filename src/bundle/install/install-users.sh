
# --- The users of the services: whom files are given to, and what may be asked in their name ---

# Owners and groups as numbers: users of another root have other ids than users of this machine.
find_users() {
  CERTIFICATE_OWNER=$(owner "$CERTIFICATE_USER" "$CERTIFICATE_UNIT") && KEY_OWNER=$(owner "$KEY_USER" "$KEY_UNIT") &&
    CONFIG_OWNER=$(owner "$CONFIG_USER" "$CONFIG_UNIT") || return 1
  ROOT_OWNER=$(owner root '') || ROOT_OWNER=0:0
  CERTIFICATE_GROUPS=$(groups_of "$CERTIFICATE_USER" "$CERTIFICATE_UNIT" "$CERTIFICATE_OWNER")
  CERTIFICATE_MEANS=$(means "$CERTIFICATE_USER" "$CERTIFICATE_OWNER" "$CERTIFICATE_GROUPS")
  KEY_GROUPS=$CERTIFICATE_GROUPS KEY_MEANS=$CERTIFICATE_MEANS
  [ "$KEY_UNIT" = "$CERTIFICATE_UNIT" ] || {
    KEY_GROUPS=$(groups_of "$KEY_USER" "$KEY_UNIT" "$KEY_OWNER")
    KEY_MEANS=$(means "$KEY_USER" "$KEY_OWNER" "$KEY_GROUPS")
  }
}

# Prints "UID:GID". The group is the unit's, where it names one: Debian's package of 1.1 makes the user iotedge in the group nogroup
# ("adduser --system" in edgelet/contrib/debian/preinst), and its unit has Group=iotedge.
owner() { # USER UNIT
  if [ -n "$ROOT" ]; then
    ids=$(entry passwd "$1" 3):$(entry passwd "$1" 4)
  else
    ids=$(id -u "$1" 2>/dev/null) && ids=$ids:$(id -g "$1")
  fi
  [ -n "${ids%:*}" ] || return 1
  group=$(unit_group "$2")
  say "${ids%:*}:${group:-${ids#*:}}"
}

# A system by ostree keeps its own users in /usr/lib: nss-altfiles(5).
entry() { # passwd|group NAME NUMBER: this field of the first entry of this name
  shown "/etc/$1" "/usr/lib/$1" | awk -F: -v name="$2" -v field="$3" '$1 == name { print $field; exit }'
}

shown() { # PATH...: what these files of the device say, as far as they are there
  for path in "$@"; do cat -- "$(inside "$path")" 2>/dev/null; done
}

unit_group() { # UNIT: the number of the group that it runs in, or nothing if that is the user's own
  group=$(unit_value "$1" Group)
  [ -z "$group" ] || group_id "$group"
}

group_id() { # GROUP: a name or a number
  case $1 in *[!0-9]*) entry group "$1" 3 ;; *) say "$1" ;; esac
}

# An image has no systemd that runs: there the unit is read, and its drop-ins after it.
unit_value() { # UNIT Group|SupplementaryGroups|Environment|EnvironmentFiles
  [ -n "$1" ] || return 0
  if [ -z "$ROOT" ]; then
    systemctl show -p "$2" "$1.service" 2>/dev/null | sed -n "s/^$2=//p"
    return
  fi
  for folder in etc usr/local/lib usr/lib lib; do
    [ ! -f "$(inside "/$folder/systemd/system/$1.service")" ] || break
  done
  cat "$(inside "/$folder/systemd/system/$1.service")" "$(inside "/usr/lib/systemd/system/$1.service.d")"/*.conf \
    "$(inside "/etc/systemd/system/$1.service.d")"/*.conf 2>/dev/null | awk -v key="$2" '
    /^[ \t]*\[/ { here = /^[ \t]*\[Service\]/ }
    here && $0 ~ "^[ \t]*" key "[ \t]*=" {
      sub(/^[^=]*=[ \t]*/, ""); sub(/[ \t\r]+$/, "")
      all = ($0 == "" || key == "Group") ? $0 : all " " $0
    }
    END { print all }'
}

# All groups that a service is in: initgroups(User, Group) and SupplementaryGroups, as in systemd.exec(5). The group that the user
# has in passwd does not count where the unit has another one.
groups_of() { # USER UNIT OWNER
  say "${3#*:}"
  if [ -n "$ROOT" ] || [ -n "$(unit_group "$2")" ]; then
    shown /etc/group /usr/lib/group |
      awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }'
  else
    for more in $(id -G "$1"); do say "$more"; done
  fi
  for more in $(unit_value "$2" SupplementaryGroups); do group_id "$more"; done
}

# Which program can run others with the rights of a service. setpriv takes the very ids and groups. runuser takes the first group; su,
# which busybox has, takes only what passwd says. An image's users are no users of this machine: of the three, setpriv alone knows numbers.
means() { # USER OWNER GROUPS
  [ "$ME" = 0 ] || return 0
  for tool in setpriv runuser su; do
    [ "$tool" = setpriv ] || [ -z "$ROOT" ] || return 0
    [ "$tool" != su ] || [ "$(id -g "$1")" = "${2#*:}" ] || return 0
    ! become "$tool" "$1" "$2" "$3" true >/dev/null 2>&1 || { say "$tool" && return; }
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

group_name() { # GID
  cat /etc/group /usr/lib/group 2>/dev/null | awk -F: -v id="$1" '$3 == id { print $1; found = 1; exit } END { if (!found) print id }'
}

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
