
# --- Secrets: from the environment, a file or the terminal, into variables that no other program gets ---

# Each program inherits the environment, also one that runs for another user. Not even "sh -x" or "sh -a" gives a secret away.
take_secrets() {
  hush
  set +a
  unset line
  for name in $SECRET_NAMES; do
    eval "set -- \"\${$name-}\""
    unset "$name"
    eval "$name=\$1"
  done
  set -- ''
  unhush
}

hush() {
  TRACED=''
  case $- in *x*) TRACED=yes ;; esac
  set +x
}

unhush() {
  line=''
  [ -z "$TRACED" ] || set -x
}

# Neither an argument nor the environment: older versions of sudo-rs (Debian 13) and sudo before 1.8.21 pass on no variable by its name.
read_secrets() { # FILE
  if [ ! -f "$1" ] || [ -L "$1" ]; then
    refuse "the file of secrets $1 is missing, or is a link or no plain file. $(how_to_write "$1")"
  elif ! is_mine "$1"; then
    refuse "the file of secrets $1 belongs to another user ($(stat -c %u -- "$1")), who can change it, expected root. $(how_to_write "$1")"
  elif [ $((0$(stat -c %a -- "$1") & 077)) != 0 ]; then
    refuse "the file of secrets $1 is open to other users (mode $(stat -c %a -- "$1")), expected 600. They may have read it: change the secrets too. Type: sudo chmod 600 $(quoted "$1")"
  elif [ ! -r "$1" ]; then
    refuse "the file of secrets $1 cannot be read. Type: sudo sh install.sh --secrets $(quoted "$1")"
  else
    hush
    FILE=$1
    read_lines <"$1"
    unhush
  fi
}

is_mine() { case $(stat -c %u -- "$1") in 0 | "$ME") ;; *) false ;; esac } # FILE

how_to_write() { # FILE
  say "Type: sudo install -m 600 /dev/null $(quoted "$1"); and write into it a line NAME=value for each of: $(secret_list)"
}

secret_list() { say "$SECRET_NAMES" | sort -u | paste -s -d , -; }

# A value is taken as it is, with quotes and spaces. What a line holds is not shown: it may be a secret.
read_lines() { # of FILE
  number=0 given=''
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1)) name=${line%%=*}
    case $line in
      '') continue ;;
      *=*) ;;
      *)
        refuse "line $number of $FILE is not NAME=value, expected one line for each of: $(secret_list)"
        continue
        ;;
    esac
    if ! is_among "$name" "$SECRET_NAMES"; then
      refuse "line $number of $FILE has a name that this bundle does not know, expected one of: $(secret_list)"
    elif is_among "$name" "$given"; then
      refuse "line $number of $FILE gives $name a second time. Remove one of the two."
    elif [ "$line" = "$name=" ]; then
      refuse "line $number of $FILE gives $name no value."
    else
      eval "$name=\${line#*=}"
    fi
    given="$given
$name"
  done
}

is_among() { case "
$2
" in *"
$1
"*) [ -n "$1" ] ;; *) false ;; esac } # NAME LIST

# What is still missing is asked for at a terminal. It is not shown there, and the terminal is put back whatever ends this.
ask_secrets() {
  missing=''
  for name in $(say "$SECRET_NAMES" | sort -u); do
    [ "$(form_of "$name")" != missing ] || missing="$missing $name"
  done
  { [ -n "$missing" ] && [ -t 0 ] && TERMINAL=$(stty -g 2>/dev/null); } || return 0
  trap 'stty "$TERMINAL"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 131' QUIT
  trap 'exit 143' TERM
  stty -echo
  hush
  for name in $missing; do
    printf '%s (is not shown): ' "$name" >&2
    IFS= read -r line || line=''
    eval "$name=\$line"
    echo >&2
  done
  unhush
  stty "$TERMINAL"
  trap - EXIT HUP INT QUIT TERM
}

check_secrets() {
  for name in $(say "$SECRET_NAMES" | sort -u); do
    case $(form_of "$name") in
      missing) refuse "the secret $name is not set. $(how_to_give)" ;;
      broken) refuse "the secret $name holds a line break (CR, as Windows writes it, too) or another control character, expected one line of text. Set it again." ;;
    esac
  done
  [ "$FAULTS" -gt 0 ] || config_text >/dev/null ||
    refuse "$BUNDLED has not all the lines that take a secret or the host name, expected the one rendered with this script. Get the bundle again."
}

how_to_give() {
  say "Type, at a terminal: sudo sh install.sh; it asks for the secret. Or: sudo sh install.sh --secrets FILE; FILE has the line $name=value and only root may read it (sudo install -m 600 /dev/null FILE). Or set the variable $name, and type: sudo --preserve-env=$(secret_list) sh install.sh"
}

form_of() ( # SECRET
  set +x
  eval "set -- \"\${$1-}\""
  case $1 in
    '') say missing ;;
    *[[:cntrl:]]*) say broken ;;
  esac
)
