# --- The texts of the files ---

# The bundle's configuration with the host name and the secrets. awk gets them by its environment, since everyone can read a
# command line; no other program gets them.
config_text() (
  if [ -z "$SECRET_NAMES$NAME_LINE" ]; then exec cat -- "$BUNDLED"; fi
  export_secrets
  TEXTS=$SECRET_LINES MARKS=$SECRET_PLACEHOLDERS LINE=$NAME_LINE LINE_TEXT=$NAME_TEXT awk "$ENCODED"'
    BEGIN {
      count = split(ENVIRON["NAMES"], name, "\n"); split(ENVIRON["TEXTS"], line, "\n")
      split(ENVIRON["MARKS"], mark, "\n"); split(ENVIRON["ENCODINGS"], encoding, "\n")
      if (ENVIRON["LINE"] != "") missing[ENVIRON["LINE"] ""]
      for (i = 1; i <= count; i++) { missing[line[i] ""]; value[i] = encoded(ENVIRON[name[i]], encoding[i]) }
    }
    { whole = $0 ""; delete missing[whole] }
    whole != "" && whole == ENVIRON["LINE"] "" { if (ENVIRON["LINE_TEXT"] != "") print ENVIRON["LINE_TEXT"]; next }
    { print filled(whole) }
    END { for (i in missing) exit 1 }
    function filled(rest,   out, at, i, p, first) {
      for (;;) {
        at = 0
        for (i = 1; i <= count; i++) {
          if (line[i] "" != whole || !(p = index(rest, mark[i])) || (at && p >= at)) continue
          at = p; first = i
        }
        if (!at) return out rest
        out = out substr(rest, 1, at - 1) value[first]
        rest = substr(rest, at + length(mark[first]))
      }
    }' <"$BUNDLED"
)

# For awk, in a subshell.
export_secrets() {
  # shellcheck disable=SC2163 # it has a name
  for name in $SECRET_NAMES; do export "$name"; done
  export NAMES="$SECRET_NAMES" ENCODINGS="$SECRET_ENCODINGS"
}

ENCODED='
  BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
  function encoded(text, form,   out, c, i) {
    for (i = 1; i <= length(text); i++) {
      c = substr(text, i, 1)
      if (form == "uri" && c !~ /[A-Za-z0-9._~-]/) c = sprintf("%%%02X", code[c])
      if (form == "text" && (c == "\\" || c == "\"")) c = "\\" c
      out = out c
    }
    return out
  }'

# Copies text, with *** for each secret, as it is or as the configuration has it, and for the PIN of a key's URI. A daemon may log
# what it read.
without_secrets() (
  export_secrets
  awk "$ENCODED"'
    BEGIN {
      count = split(ENVIRON["NAMES"], name, "\n"); split(ENVIRON["ENCODINGS"], encoding, "\n")
      for (i = 1; i <= count; i++) {
        value = ENVIRON[name[i]]
        if (value != "") { known[value]; known[encoded(value, encoding[i])] }
      }
    }
    { print masked($0) }
    function masked(rest,   out, at, size, text, p) {
      for (;;) {
        at = 0
        for (text in known)
          if ((p = index(rest, text)) && (!at || p < at || (p == at && length(text) > size))) { at = p; size = length(text) }
        if (!at) return out rest
        out = out substr(rest, 1, at - 1) "***"
        rest = substr(rest, at + size)
      }
    }' | sed 's/pin-value=[^;&"[:space:]]*/pin-value=***/g'
)
certificate_text() { cat -- "$certificate"; }
proxy_text() { printf %s "$PROXY"; }
