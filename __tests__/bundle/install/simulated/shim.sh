#!/bin/sh
# Stands first on PATH under the name of a program that the installer starts. It tells "control/record" the call and waits for the
# answer, if that is a pipe; and at the call that "control/fire" names, it sends its signal before the program runs. The real
# program comes after it on PATH.
here=${0%/*/*} name=${0##*/}
PATH=${PATH#*:}
if [ "$name" = inner ]; then set -- true; else set -- "$name" "$@"; fi

if [ "$1 ${2-}" = 'sleep 1' ]; then
  : # who waits for a second watches another process in the background: no step of the installer
elif [ -p "$here/control/record" ]; then
  printf '%s\n' "$name" >"$here/control/record"
  read -r _ <"$here/control/go"
elif [ -f "$here/control/fire" ]; then
  read -r at how target <"$here/control/fire"
  count=0
  [ ! -f "$here/count" ] || read -r count <"$here/count"
  count=$((count + 1))
  printf '%s\n' "$count" >"$here/count"
  if [ "$count" = "$at" ]; then
    rm -f "$here/control/fire"
    read -r pid <"$here/pid"
    case $how-$target in
      PIPE-*)
        while [ ! -s "$here/reader" ]; do :; done
        read -r pid <"$here/reader"
        kill -s KILL "$pid"
        while kill -s 0 "$pid"; do :; done 2>/dev/null
        ;;
      *-all) kill -s "$how" -- "-$pid" ;;
      *) kill -s "$how" "$pid" ;;
    esac
  fi
fi
exec "$@"
