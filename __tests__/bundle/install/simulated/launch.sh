#!/bin/sh
# FOLDER COMMAND...: runs the command in a session of its own, with its output in a pipe. Writes into the folder the process
# ids of command and reader, for shim.sh, the command's exit code ("status"), and its output ("out").
here=$1
shift
rm -f "$here/pid" "$here/reader" "$here/status" "$here/out"
{
  # shellcheck disable=SC2016 # for the shell that is started
  setsid sh -c 'echo $$ >"$0/pid"; exec "$@"' "$here" "$@" 2>&1
  echo $? >"$here/status"
} | sh -c 'echo $$ >"$0/reader"; exec cat >"$0/out"' "$here"
