#!/bin/sh
# Runs a hub as the hub of Azure whose names it has, on port 443, and a client of it: door.sh NODE CLI CLIENT [ARGUMENT…].
# It must be started in a network and with mounts of its own. It writes beside `hosts`, which is in the folder where it starts.
set -e
node=$1 cli=$2
shift 2
ip link set lo up
mount --bind hosts /etc/hosts
"$node" "$cli" hub --directory .hub --port 443 --host contoso.azure-devices.net --env > hub.env &
hub=$!
trap 'kill $hub' EXIT
until [ -s hub.env ] || ! kill -0 $hub; do sleep 0.05; done
. ./hub.env
"$@" > told.json
"$node" -e 'fetch("https://contoso.azure-devices.net/metrics").then(async (answer) => console.log(await answer.text()))' > metrics.txt
