#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs into a folder and checks that a system with these files would know the daemon and start it.
# usage: test-install.sh BUILD_DIR VERSION BINDIR DATADIR UNITDIR SYSUSERSDIR UDEVDIR USERUNITDIR
set -euo pipefail
build=$1 version=$2 bindir=$3 datadir=$4 unitdir=$5 sysusersdir=$6 udevrulesdir=$7 userunitdir=$8

# not TMPDIR: others must get there, and its name stands in addresses and units
work=$(mktemp -d /tmp/sqns-install-XXXXXX)
umask 022
chmod 755 "$work"
bus_pid='' daemon_pid=''
cleanup () {
  [ -z "$daemon_pid" ] || kill "$daemon_pid" 2>/dev/null || true
  [ -z "$bus_pid" ] || kill "$bus_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

fail () { echo "FAILED: $*" >&2; exit 1; }
say () { echo "ok: $*"; }
in_time () { timeout --kill-after=5 30 "$@"; }

root=$work/root
meson install -C "$build" --no-rebuild --quiet --destdir "$root"

# where each file belongs, in the words of the programs that read them
case $unitdir in */lib/systemd/system) ;; *) fail "systemd does not read $unitdir" ;; esac
case $userunitdir in */lib/systemd/user) ;; *) fail "systemd does not read $userunitdir" ;; esac
case $sysusersdir in */lib/sysusers.d) ;; *) fail "systemd-sysusers does not read $sysusersdir" ;; esac
case $udevrulesdir in */lib/udev/rules.d) ;; *) fail "udev does not read $udevrulesdir" ;; esac
for file in "$bindir/sqnsd" "$bindir/sqnsctl" "$unitdir/sqnsd.service" "$sysusersdir/sqnsd.conf" \
            "$udevrulesdir/60-sqnsd.rules" "$datadir/polkit-1/actions/org.sqnsd1.policy" \
            "$datadir/polkit-1/rules.d/sqnsd.rules" "$userunitdir/sqnsctl-notify.service" \
            "$datadir/dbus-1/system.d/org.sqnsd1.conf" "$datadir/dbus-1/system-services/org.sqnsd1.service" \
            "$datadir"/dbus-1/interfaces/org.sqnsd1.{Manager,Modem,Job}.xml; do
  [ -f "$root$file" ] || fail "$file is not installed"
done
{ [ -x "$root$bindir/sqnsd" ] && [ -x "$root$bindir/sqnsctl" ]; } || fail "the programs cannot be executed"
say "every file is where it belongs"

! grep -rn '@[a-z]*@' "$root$unitdir" "$root$userunitdir" "$root$datadir/dbus-1" || fail "a place was not filled in"
grep -qx "ExecStart=$bindir/sqnsd" "$root$unitdir/sqnsd.service" || fail "the unit starts something else"
grep -qx "ExecStart=$bindir/sqnsctl --quiet notify" "$root$userunitdir/sqnsctl-notify.service" \
  || fail "the user unit starts something else"
grep -qx "Exec=$bindir/sqnsd" "$root$datadir/dbus-1/system-services/org.sqnsd1.service" \
  || fail "the bus starts something else"
grep -qx "SystemdService=sqnsd.service" "$root$datadir/dbus-1/system-services/org.sqnsd1.service" \
  || fail "the bus does not start the unit"

# the unit, with the program where it is now
mkdir "$work/units"
sed "s,^ExecStart=,&$root," "$root$unitdir/sqnsd.service" > "$work/units/sqnsd.service"
complaints=$(systemd-analyze verify --man=no "$work/units/sqnsd.service" 2>&1 | grep 'sqnsd' || true)
[ -z "$complaints" ] || fail "systemd-analyze verify: $complaints"
sed "s,^ExecStart=,&$root," "$root$userunitdir/sqnsctl-notify.service" > "$work/units/sqnsctl-notify.service"
complaints=$(systemd-analyze verify --man=no "$work/units/sqnsctl-notify.service" 2>&1 | grep 'sqnsctl' || true)
[ -z "$complaints" ] || fail "systemd-analyze verify: $complaints"
# the threshold is ten times the exposure level
systemd-analyze security --offline=true --threshold=20 "$work/units/sqnsd.service" > "$work/security" \
  || fail "the sandbox has become wider: $(tail -n 1 "$work/security")"
systemd-sysusers --dry-run "$root$sysusersdir/sqnsd.conf" > "$work/sysusers" 2>&1 \
  || fail "systemd-sysusers: $(cat "$work/sysusers")"
say "unit and user are well-formed"

# After a power cut nobody calls the daemon: it starts at boot, and with a board.
systemctl --root="$root" enable sqnsd.service > "$work/enable" 2>&1 || fail "systemctl enable: $(cat "$work/enable")"
systemctl --root="$root" is-enabled --quiet sqnsd.service || fail "the unit is not enabled"
[ -L "$root/etc/systemd/system/multi-user.target.wants/sqnsd.service" ] || fail "nothing starts the unit at boot"
systemctl --root="$root" disable sqnsd.service > "$work/enable" 2>&1 || fail "systemctl disable: $(cat "$work/enable")"
say "the unit can be enabled"
# udev itself on the rules: a tty of this machine plays a board, which changes the rules' matches and nothing else. Only root can
# show other rules to udev, in a mount namespace.
tty=$(find /sys/class/tty -name 'ttyS*' | head -n 1)
if [ "$(id -u)" = 0 ] && [ -n "$tty" ] && unshare --mount true 2>/dev/null; then
  mkdir "$work/rules"
  sed -e 's/SUBSYSTEMS=="usb", //' -e 's/^LABEL="sqnsd_ids"$/&\nENV{.SQNSD_BOARD}="1"/' \
    "$root$udevrulesdir/60-sqnsd.rules" > "$work/rules/60-sqnsd.rules"
  # shellcheck disable=SC2016 # sh expands them
  in_time unshare --mount sh -c 'mount --bind "$1" "$2" && udevadm test "$3" 2>&1' sh "$work/rules" /usr/lib/udev/rules.d "$tty" \
    > "$work/udev" || fail "udevadm test: $(cat "$work/udev")"
  for want in ID_SQNSD_CANDIDATE=1 SYSTEMD_WANTS=sqnsd.service; do
    grep -q "^ *$want\$" "$work/udev" || fail "udev does not give a board $want: $(cat "$work/udev")"
  done
  grep -q '^ *TAGS=.*:systemd:' "$work/udev" || fail "systemd does not look at a board: $(cat "$work/udev")"
  ! grep -i "invalid\|unknown\|ignoring" "$work/udev" | grep 60-sqnsd || fail "udev does not understand a rule"
  say "udev lets a board start the unit"
fi

# every action that the daemon asks about, each denied by default and answerable to the daemon's user
python3 - "$root$datadir/polkit-1/actions/org.sqnsd1.policy" <<'PYTHON'
import sys
import xml.etree.ElementTree as ET
wanted = {"upgrade", "force", "recover", "reset", "console", "identify", "inhibit", "cancel-other", "manage"}
actions = {a.get("id"): a for a in ET.parse(sys.argv[1]).findall("action")}
assert set(actions) == {"org.sqnsd1." + w for w in wanted}, sorted(actions)
for name, action in actions.items():
    for who in ("allow_any", "allow_inactive", "allow_active"):
        answer = action.find("defaults").find(who).text
        assert answer in ("auth_admin", "auth_admin_keep"), (name, who, answer)
    owner = [a.text for a in action.findall("annotate") if a.get("key") == "org.freedesktop.policykit.owner"]
    assert owner == ["unix-user:sqnsd"], (name, owner)
    assert action.find("description").text and action.find("message").text, name
PYTHON
say "polkit actions"

# A bus with the system bus's rules. It has no systemd behind it, so it starts Exec= by itself; what differs from the
# installed service file is where the program is, and that it leaves this machine's boards and state alone.
services=$work/services
mkdir "$services" "$work/state"
sed "s,^Exec=\(.*\),Exec=$root\1 --no-udev --state-dir=$work/state," \
  "$root$datadir/dbus-1/system-services/org.sqnsd1.service" > "$services/org.sqnsd1.service"
# the part that root plays on a real system is played by whoever runs the test
sed "s,user=\"root\",user=\"$(id -un)\"," "$root$datadir/dbus-1/system.d/org.sqnsd1.conf" > "$work/policy.conf"
cat > "$work/bus.conf" <<XML
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=$work/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>$services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>$work/policy.conf</include>
</busconfig>
XML
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/bus
mkfifo "$work/address"
dbus-daemon --config-file="$work/bus.conf" --nofork --print-address=3 3> "$work/address" 2> "$work/bus.log" &
bus_pid=$!
read -rt 30 _ < "$work/address" || fail "no bus: $(cat "$work/bus.log")"

call () { in_time gdbus call --system --timeout 25 "$@"; }
version_of () {
  call --dest org.sqnsd1 --object-path /org/sqnsd1 --method org.freedesktop.DBus.Properties.Get org.sqnsd1.Manager Version
}
answer=$(version_of 2>&1) || fail "the bus does not start the daemon: $answer; $(cat "$work/bus.log")"
daemon_pid=$(call --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
  --method org.freedesktop.DBus.GetConnectionUnixProcessID org.sqnsd1 | sed 's/(uint32 \([0-9]*\),)/\1/')
[ "$answer" = "(<'$version'>,)" ] || fail "the daemon that was started says $answer"
[ "$(readlink "/proc/$daemon_pid/exe")" = "$root$bindir/sqnsd" ] || fail "pid $daemon_pid is not the installed daemon"
say "a call starts the daemon, version $version"

# another user may read, and may not take the name; only root can play another user
if [ "$(id -u)" = 0 ]; then
  other () { in_time setpriv --reuid=65534 --regid=65534 --clear-groups gdbus call --system --timeout 25 "$@"; }
  answer=$(other --dest org.sqnsd1 --object-path /org/sqnsd1 \
    --method org.freedesktop.DBus.Properties.Get org.sqnsd1.Manager Version 2>&1) || fail "another user cannot read: $answer"
  answer=$(other --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
    --method org.freedesktop.DBus.RequestName org.sqnsd1 0 2>&1) && fail "another user got the name"
  case $answer in *AccessDenied*) ;; *) fail "unexpected answer: $answer" ;; esac
  answer=$(other --dest org.sqnsd1 --object-path /org/sqnsd1 --method org.sqnsd1.Manager.SetDraining true 2>&1) \
    && fail "another user was obeyed, though there is no polkit"
  case $answer in *AccessDenied*) ;; *) fail "unexpected answer: $answer" ;; esac
  say "another user may read, and no more"
fi
