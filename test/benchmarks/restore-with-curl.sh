#!/bin/sh
# Restores mailboxes into another one with curl and jq, one by one, as somebody writes it who has no other tool.
#   ENDPOINT CA_FILE LOGIN PASSWORD ORGANIZATION_ID TARGET EXCHANGE_USER EXCHANGE_PASSWORD restore-with-curl.sh < addresses
set -eu

ask() {
  curl --fail --silent --show-error --cacert "$CA_FILE" --header "Authorization: Bearer $token" \
    --header "Content-Type: application/json" "$@"
}

while read -r address; do
  token=$(curl --fail --silent --show-error --cacert "$CA_FILE" "$ENDPOINT/v7/Token" --data grant_type=password \
    --data-urlencode "username=$LOGIN" --data-urlencode "password=$PASSWORD" --data disable_antiforgery_token=true |
    jq --raw-output .access_token)
  session=$(ask "$ENDPOINT/v7/Organizations/$ORGANIZATION_ID/explore" \
    --data "{\"dateTime\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"type\":\"Vex\",\"showDeleted\":false,\"showAllVersions\":false}" |
    jq --raw-output .id)
  mailboxes="$ENDPOINT/v7/RestoreSessions/$session/organization/mailboxes"
  mailbox=$(ask "$mailboxes?limit=10000" | jq --raw-output --arg address "$address" '.results[] | select(.email == $address) | .id')
  ask "$mailboxes/$mailbox/restoreTo" --output /dev/null \
    --data "{\"casServer\":\"outlook.office365.com\",\"mailbox\":\"$TARGET\",\"userName\":\"$EXCHANGE_USER\",\"userPassword\":\"$EXCHANGE_PASSWORD\",\"changedItems\":true,\"deletedItems\":true,\"markRestoredAsUnread\":false,\"excludeDrafts\":false,\"excludeDeletedItems\":false,\"excludeInPlaceHoldItems\":false,\"excludeLitigationHoldItems\":false}"
  ask --request POST "$ENDPOINT/v7/RestoreSessions/$session/stop" --output /dev/null
done
