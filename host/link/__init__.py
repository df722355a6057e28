"""The station's edges to a tag: Bluetooth LE through bleak, USB serial through mpremote.

adapter          which radio: the platform's own, or a controller that bumble drives
bumble_backend   bleak's scanner and client on Google's bumble
gatt             frames of `kitwire.session` over a GATT connection
tag_session      the authenticated conversation with one tag, over any link
usb              writing a tag's identity and keys over USB
"""
