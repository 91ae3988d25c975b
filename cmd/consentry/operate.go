package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// besideLong is what the manuals of writing commands say about servers.
const besideLong = `While a server runs on this data folder the command is done by that server,
through the socket control.sock in it, which only the server's own user can open;
else the command opens the store itself. Ctrl-C cancels it.`

// startPatience is how long a server may take between the lock on its store and
// its socket, or between closing this and releasing that.
const startPatience = 10 * time.Second

// operate does a task: in the running server, or here when there is none.
func operate(cmd *cobra.Command, env environment, name string, t task) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := serverConfig(configDir(cmd))
	if err != nil {
		return err
	}
	for begun := time.Now(); ; {
		err = attempt(ctx, env, config, name, t)
		locked := errors.Is(err, sqlitestore.ErrLocked) || errors.Is(err, outbox.ErrLocked)
		if !locked || time.Since(begun) > startPatience || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil && ctx.Err() != nil {
		return errors.New("cancelled")
	}
	return err
}

func attempt(ctx context.Context, env environment, config ServerConfig, name string, t task) error {
	conn, err := dialControl(ctx, filepath.Join(config.DataDir(), controlFile))
	if err != nil {
		return err
	}
	if conn != nil {
		defer conn.Close()
		return askServer(ctx, env, conn, name, t)
	}
	b, err := openWorkbench(ctx, env, config)
	if err != nil {
		return err
	}
	err = t.run(ctx, b)
	return errors.Join(err, b.store.Close())
}

// dialControl returns nil when no server listens.
func dialControl(ctx context.Context, path string) (*net.UnixConn, error) {
	short, done, err := shortName(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", short)
	switch {
	case err == nil:
		return conn.(*net.UnixConn), nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil // no server, or one that was killed and left its socket
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s belongs to another user, the one that the server runs as: give the command as that one, with sudo -u NAME", path)
	}
	return nil, fmt.Errorf("ask the server on %s: %w", path, err)
}

// askServer gives an order and prints what is reported until it has ended.
func askServer(ctx context.Context, env environment, conn *net.UnixConn, name string, t task) error {
	with, err := json.Marshal(t)
	if err != nil {
		return err
	}
	line, err := json.Marshal(order{Version: programVersion(), Task: name, With: with})
	if err == nil {
		err = fits(len(line), maxOrder)
	}
	if err != nil {
		return err
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	// The server is told to cancel, and heard to its end.
	defer context.AfterFunc(ctx, func() {
		_ = conn.CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(startPatience))
	})()
	return listenTo(env, conn)
}

// fits refuses an order that the server would break off.
func fits(size, most int) error {
	if size < most {
		return nil
	}
	return fmt.Errorf("what is to be done takes %s, and a running server takes %s at once: cut the file into parts, each with the header line, "+
		"or stop the server and give the command again", megabytes(int64(size)), megabytes(int64(most)))
}

func listenTo(env environment, conn net.Conn) error {
	in, shown := json.NewDecoder(bufio.NewReader(conn)), make(map[string]func(done, of int64))
	for {
		var r controlReport
		if err := in.Decode(&r); err != nil {
			return fmt.Errorf("the server ended before the command was done; its log says why, and the command can be given again (%w)", err)
		}
		switch {
		case r.Ended && r.Reported:
			return errReported
		case r.Ended && r.Error != "":
			return errors.New(r.Error)
		case r.Ended:
			return nil
		case r.Progress != "":
			if shown[r.Progress] == nil {
				shown[r.Progress] = env.progress(r.Progress, r.Unit)
			}
			shown[r.Progress](r.Done, r.Of)
		default:
			fmt.Fprintln(env.stdout, r.Say)
		}
	}
}
