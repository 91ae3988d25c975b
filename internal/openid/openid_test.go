package openid

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A crowd at the door must not wait for as many answers of a provider that is away as
// there are people in it, nor one of them for another who has left.
func TestACrowdWaitsForOneAnswerOfTheProvider(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-release
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer away.Close()
	p := New(Options{Issuer: away.URL, ClientID: "consentry", ClientSecret: "secret", Redirect: "http://127.0.0.1/admin/openid/callback", Now: time.Now})
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := p.Begin(impatient, Flow{})
		left <- err
	}()
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	var crowd sync.WaitGroup
	for range 20 {
		crowd.Go(func() {
			if _, err := p.Begin(t.Context(), Flow{}); !errors.Is(err, ErrAway) || errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	leave()
	select {
	case err := <-left:
		if !errors.Is(err, ErrAway) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("who left still waits")
	}
	time.Sleep(100 * time.Millisecond) // the crowd has arrived
	close(release)
	crowd.Wait()
	if n := asked.Load(); n > 5 {
		t.Errorf("the provider was asked %d times", n)
	}
	if _, err := p.Begin(t.Context(), Flow{}); !errors.Is(err, ErrAway) || asked.Load() < 2 {
		t.Errorf("it is not asked anew: %v", err)
	}
}
