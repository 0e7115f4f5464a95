
# --- Checks the library of a security module (PKCS#11), and that the keys service gets to its tokens ---

check_module() {
  [ -n "$MODULE" ] || return 0
  case $MODULE in
    /*) ;;
    *)
      say "Not checked: the PKCS#11 library $MODULE, a name that the loader of the keys service finds."
      return
      ;;
  esac
  if ! library=$(inside "$MODULE") || [ ! -f "$library" ]; then
    refuse "the PKCS#11 library $ROOT$MODULE is missing, expected the one of config.pkcs11.library. Install the module's package."
    return
  fi
  check_way "$MODULE" "$KEY_USER" ''
  may r "$library" "$KEY_USER" ||
    refuse "the user $KEY_USER could not read the PKCS#11 library $library (mode and owner $(mode_now "$library")). Type: sudo chmod a+r $(quoted "$library")"
  check_machine
  [ "$FAULTS" -gt 0 ] || check_tokens
}

# A library for another kind of processor is there and cannot be loaded.
check_machine() {
  kind=$(machine_of "$library")
  [ -n "$kind" ] || {
    refuse "$library is no library (ELF), expected the one of config.pkcs11.library."
    return
  }
  for program in /usr/libexec/aziot-identity-service/aziotd /usr/bin/aziotd /bin/sh; do
    real=$(inside "$program") || continue
    [ -f "$real" ] || continue
    expected=$(machine_of "$real")
    [ "$kind" = "$expected" ] ||
      refuse "$library is for another machine ($kind) than $ROOT$program ($expected: class, byte order and processor of ELF). Install the module's package for this machine."
    return
  done
}

machine_of() { # FILE: e_ident[4..5] and e_machine in hex, or nothing if it is no ELF
  od -An -v -tx1 -N20 "$1" | tr -d ' \n' | awk 'substr($0, 1, 8) == "7f454c46" { print substr($0, 9, 4) "-" substr($0, 37, 4) }'
}

# The tokens are listed without the PIN, by a tool that the device may have, as the keys service would list them: with its user, its
# groups and its environment. The key in the token is not looked at: most modules show it only to who has the PIN.
check_tokens() {
  unseen="Not checked: whether the user $KEY_USER gets to its PKCS#11 tokens."
  if [ -n "$ROOT" ]; then
    say "$unseen An image has none."
  elif ! tool=$(token_lister); then
    say "$unseen That takes the program pkcs11-tool or p11tool."
  elif [ -z "$KEY_MEANS" ] || ! WITH=$(service_environment); then
    say "$unseen The rights or the environment of $KEY_UNIT cannot be had here."
  elif ! for_root=$(list_tokens run_clean); then
    say "$unseen $tool cannot list the tokens of $library."
  else
    for_service=$(list_tokens as_service "$KEY_USER")
    refuse_tokens
  fi
  WITH=''
}

token_lister() { command -v pkcs11-tool || command -v p11tool; }

# systemd quotes what has other characters than the usual ones, and says nothing of what is in files.
service_environment() {
  [ -z "$(property "$KEY_RUN" EnvironmentFiles)" ] || return 1
  words=$(property "$KEY_RUN" Environment)
  case $words in *[\"\'\\]*) return 1 ;; esac
  say "$words"
}

# A module that is asked by network may not answer.
list_tokens() { # COMMAND ARGUMENT...: runs the tool by it; prints "token LABEL" and "slot HEX" for each
  ! command -v timeout >/dev/null || set -- "$@" timeout 30
  case $tool in
    *pkcs11-tool) set -- "$@" "$tool" --module "$MODULE" --list-slots ;;
    *) set -- "$@" "$tool" --provider "$MODULE" --list-tokens ;;
  esac
  listed=$("$@" 2>/dev/null) || return 1
  say "$listed" | sed -n 's/^Slot [0-9]* (0x\([0-9a-f]*\)).*/slot \1/p; s/^ *token label *: /token /p; s/^[[:blank:]]*Label: /token /p' |
    sed 's/ *$//'
}

refuse_tokens() {
  wanted=$(say "$MODULE_TOKENS" | sed '/./!d; s/^/token /')
  case $tool in *pkcs11-tool) for slot in $MODULE_SLOTS; do wanted="$wanted
slot $(printf %x "$slot")"; done ;; esac
  while IFS= read -r one; do
    if [ -z "$one" ] || holds "$for_service" "$one"; then
      :
    elif holds "$for_root" "$one"; then
      refuse "the user $KEY_USER does not get to the PKCS#11 $one, which root does. Put the user into the group that the module lets in, such as: sudo usermod -aG softhsm $KEY_USER"
    else
      refuse "$library has no PKCS#11 $one, expected that of the manifest's pkcs11: URI. It has: $(say "$for_root" | paste -s -d , -)"
    fi
  done <<END
$wanted
END
}

holds() { say "$1" | grep -qxF -e "$2"; }
