#!/bin/busybox sh
# The first program in the virtual machine. The computer's own files, read-only, become its root: what it writes stays in
# memory. The folder that both share is /mnt.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in /modules/*.ko; do $b insmod "$module" || $b echo "no module $module"; done
options=trans=virtio,version=9p2000.L,msize=512000
$b mount -t 9p -o ro,cache=loose,$options computer /lower || $b poweroff -f
$b mount -t tmpfs upper /upper
$b mkdir /upper/changed /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/changed,workdir=/upper/work root /root || $b poweroff -f
$b mount -t tmpfs run /root/run
$b mount -t tmpfs tmp /root/var/lib
$b mount --move /dev /root/dev
$b mount --move /proc /root/proc
$b mount --move /sys /root/sys
$b mount -t 9p -o cache=none,$options shared /root/mnt || $b poweroff -f
$b mkdir -p /root/run/dbus /root/var/lib/bluetooth
exec $b switch_root /root /mnt/start.sh
