: sidecar-startup, native copy
_box='' _was=''
{
    read -r _box </proc/sys/kernel/random/boot_id
    while read -r _ _ _ _root _at _; do
        case $_at$_root in /etc/resolv.conf/*/resolv.conf) _box=$_box$_root ;; esac
    done </proc/self/mountinfo
    while read -r _line; do _was=$_line; done </sidecar-startup/state
} 2>/dev/null
case $_was in
"native:$_box") exec "$@" ;;
"init:$_box")
    echo "native:$_box" >>/sidecar-startup/state || exit
    exec "$@"
    ;;
"again:$_box") ;;
"classic:$_box")
    echo "again:$_box" >>/sidecar-startup/state
    exit
    ;;
*)
    echo "init:$_box" >>/sidecar-startup/state
    exit
    ;;
esac
trap 'exit 0' HUP INT QUIT USR1 USR2 TERM WINCH
while sleep 3600 & wait "$!"; do :; done
