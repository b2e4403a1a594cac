// go build -o /srv/server server.go
// lowportbind --user www-data -p 80 -- /srv/server
//
// From 1.24 on, Go asks for an MPTCP socket to listen on before it asks for a TCP socket. The
// kernel has no rule for MPTCP ports, so lowportbind refuses that socket with the errno that makes
// Go fall back to TCP; the program needs no change. The page shows which protocol was used: 6 is
// TCP and 262 is MPTCP.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"syscall"
)

const soProtocol = 38 // SO_PROTOCOL, which the package syscall lacks

func protocolOf(listener net.Listener) (protocol int) {
	connection, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		log.Fatal(err)
	}
	err = connection.Control(func(descriptor uintptr) {
		protocol, err = syscall.GetsockoptInt(int(descriptor), syscall.SOL_SOCKET, soProtocol)
	})
	if err != nil {
		log.Fatal(err)
	}
	return protocol
}

func main() {
	address := ":80"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	protocol := protocolOf(listener)
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(page http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(page, "go over protocol %d\n", protocol)
	})))
}
