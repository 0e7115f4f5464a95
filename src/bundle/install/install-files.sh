# --- Files on the disk ---

stage() { # FILE MODE OWNER: a new file beside it, from standard input. Prints its path
  staged=$(mktemp "$1.installing.XXXXXX") && cat >"$staged" && chmod "$2" "$staged" && chown "$3" "$staged" &&
    sync -- "$staged" && say "$staged"
}

put() { mv -f -- "$1" "$2"; } # STAGED FILE

own_mode() { # FILE OWNER MODE
  chown "$2" "$1" && chmod "$3" "$1"
}

sync_folder() { sync -- "$1"; }
