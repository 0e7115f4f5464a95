
# --- Checks that what is planned can be done where it is to be done; changes nothing ---

# Only what changes is looked at: a device with a read-only system that is as wanted has nothing to do.
check_places() {
  SEEN='' IN_MEMORY=''
  each check_place
  [ "$COUNT" = 0 ] || [ "$FORM$RESTART" != tomlyes ] || for daemon in keyd certd identityd tpmd edged; do
    ! spot=$(inside "/etc/aziot/$daemon/config.d") || check_spot "$spot"
  done
}

check_place() {
  if [ -n "$had" ]; then
    check_spot "$file"
    check_other_names
  fi
  spot=${file%/*}
  while [ ! -d "$spot/" ] && [ -n "$spot" ]; do spot=${spot%/*}; done
  check_spot "${spot:-/}"
  [ "$kind" != place ] || check_memory "${spot:-/}"
}

check_spot() { # FILE OR FOLDER
  [ -e "$1" ] || return 0
  case $SEEN in *"
$1
"*) return ;; esac
  SEEN="$SEEN
$1
"
  on=$(mount_of "$1") point=${on#* * * }
  case $on in
    *,ro,*)
      refuse "$1 is on a file system that is mounted read-only ($point). Type: sudo mount -o remount,rw $(quoted "$point"); or install into the image that the device is made of (--root)."
      return
      ;;
    msdos* | vfat* | exfat*)
      [ "$kind" = remove ] ||
        refuse "$1 is on a file system without owners and modes (${on%% *}), expected owner $owner and mode $mode of $file. Choose a place on another one, or mount it with these (uid, gid, umask)."
      return
      ;;
  esac
  if marks=$(fixed_by "$1"); then
    refuse "$1 has the attribute $marks (chattr), so that nobody can change it. Type: sudo chattr -ia $(quoted "$1")"
  elif [ "$ME" = 0 ] && [ ! -w "$1" ] && [ ! -L "$1" ]; then
    refuse "root cannot write to $1. Is $point mounted from another machine, or does a security module forbid it? Choose another place, or allow it."
  fi
}

# "TYPE ,OPTIONS, SOURCE MOUNT POINT" of the file system that a path is on. [ -w ] does not do: busybox says of everything that root
# may write it.
mount_of() { # PATH
  way=$(cd -P -- "${1%/*}/" && pwd)/${1##*/}
  [ ! -d "$1" ] || way=$(cd -P -- "$1" && pwd)
  WAY=$way/ awk '
    { point = $2; gsub(/\\040/, " ", point); slashed = (point == "/") ? point : point "/" }
    index(ENVIRON["WAY"], slashed) == 1 && length(slashed) >= longest { longest = length(slashed); on = $3 " ," $4 ", " $1 " " point }
    END { print on }' /proc/mounts 2>/dev/null
}

# Prints i (immutable) or a (append only); fails if it has neither, or if that cannot be known.
fixed_by() { # PATH
  [ ! -L "$1" ] && marks=$(lsattr -d -- "$1" 2>/dev/null) || return 1
  case ${marks%% *} in *i*) say i ;; *a*) say a ;; *) return 1 ;; esac
}

# What a file in memory holds is gone at the next start. An image that is built in memory is not in it then.
check_memory() { # FOLDER
  [ -z "$IN_MEMORY" ] || return 0
  on=$(mount_of "$1") point=${on#* * * }
  [ -z "$ROOT" ] || [ "$on" != "$(mount_of "$ROOT/")" ] || return 0
  case $on in
    # initramfs-tools of Ubuntu and raspi-config mount such a root from "overlayroot".
    'tmpfs '* | 'ramfs '* | 'overlay ,'*', overlayroot '*) ;;
    *) return 0 ;;
  esac
  IN_MEMORY=yes
  complain "$file is in memory ($point) and is gone at the next start. Mount a folder of a disk there, or install at each start before the runtime.$HAZARD"
}

# Owner and mode belong to a file, whatever it is called. What another program reads by a second name would change for it too. Before
# a run that was cut off is cleaned up after, the second name may be this script's.
check_other_names() {
  [ "$kind" = mode ] && [ ! -e "$MARK" ] && [ ! -d "$file.installing.held" ] && [ -f "$file" ] && [ "$(stat -c %h -- "$file")" -gt 1 ] || return 0
  refuse "$file has another name too (a hard link), and who reads it there would find another owner and mode ($text, expected $mode:$owner). Make it a file of its own: sudo cp -p $(quoted "$file") $(quoted "$file.own") && sudo mv $(quoted "$file.own") $(quoted "$file"). To find the other name, type: sudo find / -xdev -samefile $(quoted "$file")"
}

# A proxy.conf that somebody made is replaced only if it says no more than a proxy. It is kept beside, where systemd does not read it.
check_hand_made() { # FILE
  [ -f "$1" ] && [ "$(sed -n 1p "$1")" != "$PROXY_MARK" ] || return 0
  other=$(grep -iEv "^[[:space:]]*([#;].*|\[Service\][[:space:]]*|Environment[[:space:]]*=([[:space:]]*[\"']?(https?|ftp|all|no)_proxy=[^[:space:]\"']*[\"']?)*[[:space:]]*)?\$" "$1") || {
    complain "$1 was made by somebody else. It is replaced by the proxy of the manifest (config.proxy) and kept as $1.before-install."
    return
  }
  refuse "$1 was made by somebody else, and has more than a proxy, which would be lost: $(say "$other" | sed 1q). Give it another name, such as: sudo mv $(quoted "$1") $(quoted "${1%/*}/local.conf")"
}

# Says where the disk is full: blocks or inodes. What a user may have of it (quota) is not seen here; the program says so itself. Some
# file systems, such as btrfs, have no number of inodes: it is 0.
full_disk() { # FILE
  spot=${1%/*}
  while [ ! -d "$spot/" ] && [ -n "$spot" ]; do spot=${spot%/*}; done
  spot=${spot:-/}
  stat -f -c '%f %S %d %c' -- "$spot" 2>/dev/null | awk '{ exit $1 * $2 < 65536 || ($4 > 0 && $3 < 4) }' ||
    say " The file system of $spot is full. Make room, and look at: df -h $(quoted "$spot"); df -i $(quoted "$spot")"
}
