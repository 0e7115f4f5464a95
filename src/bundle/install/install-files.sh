
# --- Files and folders: where a path leads, and how root writes in the folders of others ---

# /var/aziot/certs belongs to aziotcs, /var/aziot/secrets to aziotks, /var/lib/iotedge of 1.1 to iotedge. A process of that user can
# swap each name in its folder at any moment: for a link to /etc/shadow, a hard link, a pipe. So this script never fills a file
# there, and never sets owner or mode by a name there. It works in a room: a folder FILE.installing.* beside the file, in
# which root alone has names. A service can still move a whole room, or put one of before in its place. So after entering a room,
# nothing is filled or given away before its name was removed or looked at. A new file gets its name by a rename out of the room, an old one comes in by a hard link; neither
# follows a link. The room is on the same file system, and its files get the same SELinux type.

# Follows a path of the device as its kernel does: folder by folder, and links. An absolute link of an image starts at the image's
# root, and no ".." leads above it.
walk() { # PATH [FUNCTION ARGUMENT...]: sets $at to where it leads; calls FUNCTION for each folder on the way, which may end it
  at=$ROOT rest=$1 hops=0
  shift
  while [ -n "$rest" ]; do
    name=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $name in
      '' | .) ;;
      ..) [ "$at" = "$ROOT" ] || at=${at%/*} ;;
      *)
        at=$at/$name
        if [ -L "$at" ]; then
          follow || return 1
        elif [ $# -gt 0 ] && [ -d "$at" ]; then
          "$@" || return 1
        fi
        ;;
    esac
  done
}

# A link of another user's could lead root to a file that this user may not read.
follow() {
  hops=$((hops + 1))
  if [ "$hops" -gt 40 ]; then
    complain "the links at $at lead round in a circle. Remove one of them."
    return 1
  elif [ "$ME" = 0 ] && [ "$(stat -c %u -- "$at")" != 0 ]; then
    complain "the link $at belongs to the user with the number $(stat -c %u -- "$at"), who could lead root to any file by it. If it is right, type: sudo chown -h root '$at'"
    return 1
  fi
  target=$(readlink -- "$at")
  case $target in /*) at=$ROOT ;; *) at=${at%/*} ;; esac
  rest=$target/$rest
}

# Each path goes through this once, at the beginning. Whatever comes later has paths without links. Says itself why it fails.
inside() ( # PATH: prints where it leads on this machine
  walk "$1" && say "$at"
)

inside_but_name() ( # PATH: the same, for a file that is replaced: if its own name is a link, the link is replaced
  walk "${1%/*}" && say "$at/${1##*/}"
)

# Into a folder, unless somebody has put a link on the way there.
go() { # FOLDER
  if cd -P -- "${1:-/}" 2>/dev/null && is_here "${1:-/}"; then return; fi
  complain "the folder $1 is missing, or a link by now: somebody changes it, or the folders on the way to it."
  return 1
}

# Only the kernel says where we are. dash and busybox ask it (getcwd) at each "cd -P", for $PWD. The other shells put there what they made of the
# path, whose links may have changed since; so a program is asked, which costs a process each time.
is_here() { # FOLDER
  case ${BASH_VERSION-}${ZSH_VERSION-}${KSH_VERSION-}${YASH_VERSION-} in
    '') [ "$PWD" = "$1" ] ;;
    *) [ "$(env pwd -P)" = "$1" ] ;;
  esac
}

# --- Rooms ---

room_of() { say "$1.installing.$2/${1##*/}"; } # FILE KIND: the file's place in its room of this kind

# mkdir heeds no umask where the folder has a default ACL. Then others may have put something in before the room was closed.
open_room() { # FILE KIND: makes its room, or opens one that a run before left, and goes into it
  go "${1%/*}" || return 1
  mkdir -- "./${1##*/}.installing.$2" 2>/dev/null || [ -d "./${1##*/}.installing.$2" ] || mkdir -- "./${1##*/}.installing.$2" || return 1
  go "$1.installing.$2" || return 1
  case $(stat -c %u:%a .) in
    "$ME:700" | "$ME:2700") ;;
    "$ME":*) chmod 700 . || return 1 ;;
    *)
      complain "$1.installing.$2 is not of this script. Remove it."
      return 1
      ;;
  esac
  empty_room "$1"
}

# A run that was cut off leaves a file in it, or a folder that was being made.
empty_room() { # FILE: we are in its room
  [ ! -d "./${1##*/}" ] || [ -L "./${1##*/}" ] || rmdir -- "./${1##*/}" || return 1
  for left in "./${1##*/}" ./part ./copy; do
    [ -z "$(there "$left")" ] || rm -f -- "$left" || return 1
  done
}

enter_room() { # FILE KIND
  go "$1.installing.$2" || return 1
  case $(stat -c %u:%a .) in "$ME:700" | "$ME:2700") return ;; esac
  complain "$1.installing.$2 is not the folder that this script made: somebody else changes ${1%/*}."
  return 1
}

close_room() ( # FILE KIND: removes it with what is in it
  [ -d "$1.installing.$2" ] && [ ! -L "$1.installing.$2" ] || return 0
  enter_room "$1" "$2" && empty_room "$1" && rm -f -- "./${1##*/}.before-install" && rmdir -- "../${1##*/}.installing.$2"
)

leave_room() { # FILE KIND: it is empty
  rmdir -- "../${1##*/}.installing.$2" 2>/dev/null || true
}

# --- New files ---

stage() ( # FILE MODE OWNER [FUNCTION]: makes the new file of what FUNCTION prints, or of stdin; its place is room_of FILE new
  open_room "$1" new && "${4:-cat}" >"./${1##*/}" && chown "$3" "./${1##*/}" && chmod "$2" "./${1##*/}" && sync "./${1##*/}"
)

# To a folder, not to a name: if the name is a link to a folder, mv would put the file there, and not every mv has -T.
put() ( # FILE KIND: renames it out of its room
  enter_room "$1" "$2" && mv -f -- "./${1##*/}" ../ && leave_room "$1" "$2"
)

make_folder() ( # FOLDER MODE OWNER
  open_room "$1" new && mkdir -- "./${1##*/}" && chown "$3" "./${1##*/}" && chmod "00$2" "./${1##*/}" &&
    mv -f -- "./${1##*/}" ../ && leave_room "$1" new
)

remove_file() ( [ -z "$(there "$1")" ] || { go "${1%/*}" && rm -f -- "./${1##*/}"; } ) # FILE
remove_folder() ( [ -z "$(there "$1")" ] || { go "${1%/*}" && rmdir -- "./${1##*/}" 2>/dev/null; } ) # FOLDER
sync_folder() ( go "$1" && sync . ) # FOLDER

# --- Files that are there ---

# Brings the file into a room, where nobody can swap it any more, and looks at it again: with fs.protected_hardlinks off, a service's
# user can give the file of another user a name in its folder, and take it away when the room has one. So the file must be
# a key or a certificate of those that were checked: no other one is given away.
hold() ( # FILE: its place is room_of FILE held
  open_room "$1" held || exit 1
  ln -- "../${1##*/}" "./${1##*/}" && is_alone "./${1##*/}" "$1" && is_known "./${1##*/}" "$1" && exit
  rm -f -- "./${1##*/}"
  leave_room "$1" held
  exit 1
)

is_alone() { # HELD FILE: the second name is the one in the room
  is_file "$1" && [ "$(stat -c %h "$1")" = 2 ] && return
  complain "$2 is not a file with one name (it is a link, or a hard link of another file), so its owner and mode stay as they are. Make it a file of its own."
  return 1
}

is_known() { # HELD FILE
  its=$(openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null </dev/null || openssl x509 -in "$1" -noout -pubkey 2>/dev/null)
  case "
$KNOWN_KEYS" in
    *"
$its
"*) [ -z "$its" ] || return 0 ;;
    '
') [ -z "$its" ] || return 0 ;; # a run that was cut off is cleaned up after before anything is checked
  esac
  complain "$2 is not the key or the certificate any more that was checked: somebody else changes ${2%/*}."
  return 1
}

own_held() ( # FILE OWNER MODE: sets owner and mode of a file that is held
  enter_room "$1" held && is_alone "./${1##*/}" "$1" && is_known "./${1##*/}" "$1" && chown "$2" "./${1##*/}" &&
    chmod "$3" "./${1##*/}"
)

# chmod keeps the setgid bit of a folder unless the mode has five digits: chmod(1). Each run would find another mode then.
own_folder() ( go "$1" && chown "$2" . && chmod "00$3" . ) # FOLDER OWNER MODE

own_mode() { # FILE|FOLDER OWNER MODE
  if [ -d "$1" ]; then
    own_folder "$@"
  else
    [ -d "$1.installing.held" ] || hold "$1" && own_held "$@"
  fi
}

# --- Old files ---

# A hard link takes no space, and a rename puts it back.
keep_old() ( # FILE: its place is room_of FILE old
  open_room "$1" old && ln -- "../${1##*/}" "./${1##*/}"
)

# A file that others write into needs a copy. It gets its name when it is whole: half a copy must never be put back.
copy_old() ( # FILE: the same
  open_room "$1" old || exit 1
  ln -- "../${1##*/}" ./part && is_plain ./part "$1" && cp -p -- ./part ./copy && sync ./copy && mv -f -- ./copy "./${1##*/}"
  copied=$?
  rm -f ./part
  exit "$copied"
)

# The old file may hold the same secrets as the new one, and be open to more users. What a link leads to stays as it is, and so does
# a file that has more names: what is kept is a copy for root.
tighten_old() ( # FILE MODE OWNER
  enter_room "$1" old || exit 1
  is_file "./${1##*/}" || exit 0
  if [ "$(stat -c %h "./${1##*/}")" -gt 1 ]; then
    rm -f ./part && cp -- "./${1##*/}" ./part && mv -f -- ./part "./${1##*/}"
    exit
  fi
  chmod "$(printf %o $((0$(stat -c %a "./${1##*/}") & 0$2)))" "./${1##*/}" && chown "$3" "./${1##*/}"
)

release_old() ( # FILE: the old file stays as FILE.before-install
  [ -d "$1.installing.old" ] || exit 0
  enter_room "$1" old || exit 1
  # A run may be cut off between the two.
  [ -z "$(there "./${1##*/}")" ] || mv -f -- "./${1##*/}" "./${1##*/}.before-install" || exit 1
  [ -z "$(there "./${1##*/}.before-install")" ] || mv -f -- "./${1##*/}.before-install" ../ || exit 1
  leave_room "$1" old
)

put_back_old() ( # FILE
  enter_room "$1" old || exit 1
  # mv refuses two names of one file.
  if [ "$(stat -c %d:%i "./${1##*/}")" = "$(stat -c %d:%i "../${1##*/}" 2>/dev/null)" ]; then
    rm -f -- "./${1##*/}" && leave_room "$1" old
  else
    put "$1" old
  fi
)

close_rooms() { close_room "$1" new && close_room "$1" held && close_room "$1" old; } # FILE

is_file() { [ -f "$1" ] && [ ! -L "$1" ]; } # PATH IN A ROOM
is_plain() { is_file "$1" || { complain "$2 is no plain file. Look at it (ls -l), and remove it." && return 1; }; } # PATH IN A ROOM, FILE
