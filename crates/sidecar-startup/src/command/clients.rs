//! Programs that connect to an address that their arguments name, and to which one.
//!
//! An address may as well be data: a header, a statement for a database, the target of a redirect. So the options of each client are
//! listed, and with any other one, nothing is certain.

mod arguments;
mod syntax;

use self::arguments::Arguments;
use self::syntax::{CURL, SYNTAXES, Syntax};
use super::words::base_name;

/// Programs that wait until what they are given answers.
pub(crate) const WAITERS: [&str; 7] =
    ["dockerize", "wait-for", "wait-for-it", "wait-for-it.sh", "wait-for.sh", "wait-on", "wait4x"];

/// Whether a program is a client.
pub(super) fn is_client(program: &str) -> bool {
    syntax_of(program).is_some()
}

/// The hosts and ports without which a command is certain to fail, as words: `http://localhost:8080`, or `localhost` and `8080`. None if
/// it runs no client, or one with options that leave a doubt.
pub(super) fn targets<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let read = || {
        let (first, rest) = words.split_first()?;
        let syntax = syntax_of(base_name(first))?;
        Arguments::read(syntax, rest)?.targets(syntax)
    };
    read().unwrap_or_default()
}

/// The URL of a `curl` with these arguments that succeeds with any response. `None` if that is not certain.
pub(super) fn url_for_any_answer<'w>(arguments: &[&'w str]) -> Option<&'w str> {
    let arguments = Arguments::read(&CURL, arguments)?;
    let minds_status = |name: &str| name == "f" || name.starts_with("fail") || name.starts_with("retry");
    match arguments.operands.as_slice() {
        [url] if !arguments.options.iter().any(|(name, _)| minds_status(name)) => Some(url),
        _ => None,
    }
}

fn syntax_of(program: &str) -> Option<&'static Syntax> {
    SYNTAXES.into_iter().find(|syntax| syntax.programs.contains(&program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_connect_to_their_targets() {
        for (command, expected) in [
            (
                "curl -sSf -o /dev/null --max-time 2 http://localhost:8080/ready?x",
                &["http://localhost:8080"][..],
            ),
            ("/usr/bin/curl -X POST -d http://a:1 localhost:8080", &["localhost:8080"]),
            ("curl -XPOST -H 'Origin: http://localhost:3000' https://shop/cart", &["https://shop"]),
            ("curl https://login.example.com?to=http://localhost:8080", &["https://login.example.com"]),
            ("wget -qO- --tries=3 --header 'A: b' http://localhost/x", &["http://localhost"]),
            ("wget -q --spider -T 2 localhost:8080/x", &["localhost:8080"]),
            ("nc -zv -w 1 localhost 8080", &["localhost", "8080"]),
            ("nc -zw1 127.0.0.1 8080", &["127.0.0.1", "8080"]),
            ("pg_isready -q -h localhost -p 5432 -U x", &["localhost", "-p", "5432"]),
            ("psql postgres://u:p@localhost:5432/db -tAc 'select 1'", &["postgres://u:p@localhost:5432"]),
            ("psql -h db -c \"insert 'http://localhost:80'\"", &["db"]),
            ("mysqladmin ping -h127.0.0.1 -P3306 -uroot -psecret --silent", &["127.0.0.1", "-p", "3306"]),
            ("redis-cli -h redis -p 6379 set url http://localhost:8080", &["redis", "-p", "6379"]),
            ("grpc_health_probe -addr=localhost:50051 -connect-timeout 1s", &["localhost:50051"]),
            ("grpcurl -plaintext -d '{\"a\": \"localhost:1\"}' localhost:50051 a.B/C", &["localhost:50051"]),
            ("dockerize -wait tcp://localhost:5432 -timeout 60s app localhost:1", &["tcp://localhost:5432"]),
            ("wait-for-it.sh localhost:5432 -t 30", &["localhost:5432"]),
            ("wait4x tcp localhost:5432 --timeout 30s", &["tcp", "localhost:5432"]),
            ("mongosh --host localhost --port 27017 --eval db", &["localhost", "-p", "27017"]),
            ("telnet -4 localhost 25", &["localhost", "25"]),
            ("mongosh --quiet mongodb://localhost:27017/x", &["mongodb://localhost:27017"]),
            ("grpc_health_probe -tls -addr localhost:50051", &["localhost:50051"]),
            ("redis-cli --raw -a x -p 6379 -h localhost ping", &["-p", "6379", "localhost"]),
            ("wait-for-it.sh -q -h localhost -p 80", &["localhost", "-p", "80"]),
            ("wget -O - http://localhost:8080", &["http://localhost:8080"]),
            ("curl --header='A: b' $POD_IP:8080#x", &["$POD_IP:8080"]),
        ] {
            let words = shlex::split(command).unwrap_or_default();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(targets(&words), expected, "{command}");
        }
    }

    #[test]
    fn what_is_not_certain_is_no_target() {
        for command in [
            "curl --unix-socket /run/docker.sock http://localhost/version",
            "curl --connect-to ::shop:80 http://localhost:8080",
            "curl -x http://proxy:3128 http://localhost:8080",
            "curl -K config http://localhost:8080",
            "curl $OPTIONS http://localhost:8080",
            "curl -H $HEADER http://localhost:8080",
            "curl http://localhost:8080 http://shop:8080",
            "curl --compressed=no http://localhost:8080",
            "curl -o",
            "curl - http://localhost:8080",
            "wget -b http://localhost:8080",
            "nc -zu localhost 8080",
            "nc -lk localhost 8080",
            "mysql -h localhost -P 3306",
            "mongosh mongodb://localhost:27017,db:27017/x",
            "wait-for-it.sh localhost:8080 -- run",
            "redis-cli -h localhost -p 6379",
            "nc -z localhost 8080 9090",
            "psql -h localhost -p 5432 postgres://db/x",
            "wait4x tcp localhost:8080 --invert-check",
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(targets(&words), [""; 0], "{command}");
        }
        assert_eq!(targets(&["check", "localhost:8080"]), [""; 0]);
        assert_eq!(targets(&[]), [""; 0]);
    }
}
