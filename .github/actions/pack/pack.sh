#!/usr/bin/env bash
# Packs the bundles of a render into archives that a release can hold: pack.sh REPORT BUNDLES ARCHIVES
#   REPORT    the whole report as JSON (output report-file)
#   BUNDLES   the folder with the bundles (output bundles-directory)
#   ARCHIVES  a folder that is made anew: the archives, index.json (which device is in which), SHA256SUMS
# The same bundles give the same bytes. SOURCE_DATE_EPOCH sets the files' time; it is 1970 without.
set -euo pipefail
export LC_ALL=C
report=$1 bundles=$2 archives=$3

# A release holds 1,000 files; two are ours, and others may want to attach some.
most=900

# GitHub renames what has other characters than these, and two of the new names may be the same: what has any gets a
# name of its own, told apart by a digest. Which is which stands in index.json.
archive_of() {
  local plain=${1//\//_} safe
  if [[ $plain =~ ^[A-Za-z0-9_-][A-Za-z0-9._-]*$ ]] && [ ${#plain} -le 200 ]; then
    printf '%s.tar.gz\n' "$plain"
    return
  fi
  safe=${plain//[^A-Za-z0-9._-]/-}
  safe=${safe/#./-}
  printf '%s-%s.tar.gz\n' "${safe:0:180}" "$(printf %s "$1" | sha256sum | cut -c 1-12)"
}

# Nothing of the machine: no order of its file system, owner, mode, time or time zone.
pack() {
  local archive=$1 folder=$2
  shift 2
  tar --create --format=gnu --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner \
    --mode='u=rwX,go=rX' --directory="$folder" -- "$@" | gzip --no-name -9 > "$archives/$archive"
}

rm -rf -- "$archives"
mkdir -p -- "$archives"
mapfile -t directories < <(jq --raw-output '.bundles[].directory' "$report")
if [ ${#directories[@]} -eq 0 ]; then
  echo '::error title=nothing to pack::The report names no bundles: was the command render?'
  exit 1
fi

names=()
if [ ${#directories[@]} -le "$most" ]; then
  for directory in "${directories[@]}"; do
    name=$(archive_of "$directory")
    if [ -e "$archives/$name" ]; then
      printf '::error title=two archives of one name::%s would hold two devices. Rename one of them.\n' "$name"
      exit 1
    fi
    names+=("$name")
    pack "$name" "$bundles/$(dirname -- "$directory")" "$(basename -- "$directory")"
  done
else
  echo "::notice title=archives::${#directories[@]} devices, more than $most: they share an archive for each hub."
  declare -A archive_of_hub
  for directory in "${directories[@]}"; do
    # Bundles of one hub have no folder above them.
    if [[ $directory == */* ]]; then hub=${directory%%/*}; else hub=.; fi
    if [ -z "${archive_of_hub[$hub]:-}" ]; then
      if [ "$hub" = . ]; then archive_of_hub[$hub]=devices.tar.gz; else archive_of_hub[$hub]=$(archive_of "$hub"); fi
      pack "${archive_of_hub[$hub]}" "$bundles" "$hub"
    fi
    names+=("${archive_of_hub[$hub]}")
  done
fi

cd -- "$archives"
printf '%s\n' "${names[@]}" | jq --raw-input --null-input --slurpfile report "$report" '
  [[inputs], $report[0].bundles] | transpose
  | map({device: .[1].device, hub: .[1].hub, archive: .[0], directory: .[1].directory})' > index.json
sums=$(sha256sum -- *)
printf '%s\n' "$sums" > SHA256SUMS
echo "$(find . -name '*.tar.gz' | wc -l) archives of ${#names[@]} devices"
