"""The style elements that Dash writes into a page, by their hashes: the only inline styles a page of ours may have.

Dash's bundles put them there with a script and know no nonce. A browser names the hash of each that a policy without
it refuses; a test opens the pages and fails on any refusal, so that no other version of Dash comes in unnoticed.
"""

VERSION = "4.1.0"
EMPTY = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
"""An element is added empty and then filled."""
STYLES = (
    EMPTY,
    "sha256-+QoPrsxO0auPnxSulD3bAr9CoDGgzv7YRfYE0vfxeQI=",
    "sha256-0IJGrxhCP5NUIafylLkj5118xkZH1kp5FmNio7NOckI=",
    "sha256-Aq43X0SlmB69maWGob4rp/UuSHhwePalkRRExtsxOJ8=",
    "sha256-Do5Z9ZqsPvCQTUBQS9BnDm/2+on7omuzuLYk5sbA+2s=",
    "sha256-ITR5T9OwskhdqdsliUJRmgp9ltOFAHgXe1F7eRvGnmQ=",
    "sha256-MJs2ke1SA6Cy3tTCZu2QH0rj0r//iNqU0idy9bM4leg=",
    "sha256-MsPYCdcnTTw/4h8zzfqAz8zyPTH9JiAfhGlrw42vY1A=",
    "sha256-VUA+tqvhK3niMn7AdszqidMFPRh9FLqxB2iINUrsiTw=",
    "sha256-X2TqJwnIiE/ceDVeAdr7v7BOWBU6CEzE6qxlNzBzvBk=",
    "sha256-Z8VokGxeiKThZOEmkdUgfW+jxbvItBwAXC8M1c4wqAM=",
    "sha256-uDiOZWps1U7E8/0BTaQrclYMhVhRVE4dT0vb5X6nXOw=",
    "sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o=",  # the map style inside Plotly 7.1.0, which dcc.Graph brings
)
