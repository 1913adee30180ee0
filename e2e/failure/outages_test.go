package failure_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// oneReplicaIsKilled: nobody waits but those whose review was on its way there.
func oneReplicaIsKilled(t *testing.T, s *site) {
	l := startLoad(t)
	for _, r := range s.replicas {
		inFlight(t, s.release, l.during(t, true, func() {
			r.kill()
			s.placesRuns(t)
			r.start()
			awaitReady(t, s.replicas...)
		}))
	}
	l.stop()
}

// unplaced is how a run is refused whose placement failed open and whose validation was answered.
const unplaced = `^admission webhook "validate\.polymoat\.io" denied the request: pods "train-.+" of role "jobs": .+ \[run-as-root\].*`

// inFlight: no more was refused than was on its way at one moment.
func inFlight(t *testing.T, r *release, refusals []string) {
	t.Helper()
	why := regexp.MustCompile(regexp.QuoteMeta(r.waits("validate", "validate", "")) +
		`(EOF|.+: (connection reset by peer|broken pipe))$|` + unplaced)
	if len(refusals) > creators {
		t.Errorf("%d runs were refused, more than were on their way", len(refusals))
	}
	for _, refusal := range refusals {
		if !why.MatchString(refusal) {
			t.Errorf("a run was refused with another message: %s", refusal)
		}
	}
}

// oneReplicaHangs: whoever is sent there waits for the webhook's timeout and reads that, until the kubelet has replaced it.
func oneReplicaHangs(t *testing.T, s *site) {
	i := slices.IndexFunc(s.replicas, func(r *replica) bool { return r.connections.Load() > 0 })
	if i < 0 {
		t.Fatal("the API server is connected to none")
	}
	hung := s.replicas[i]
	life := hung.life()
	hung.hang()
	want := s.waits("validate", "validate", "context deadline exceeded")
	await(t, want, func() error {
		if err := createRun(t); err == nil || err.Error() != want {
			return fmt.Errorf("got %w", err)
		}
		return nil
	})
	s.placesRuns(t)
	await(t, "the end of the one that hung", func() error {
		if !life.hasEnded() {
			return errors.New("it is there")
		}
		return nil
	})
	awaitReady(t, s.replicas...)
}

// allReplicasAreDown: runs wait, and nothing else does.
func allReplicasAreDown(t *testing.T, s *site) {
	run, drained := s.newRun(t), s.newRun(t)
	s.killReplicas()
	s.runsWait(t)
	s.restGoesOn(t, run, drained)
	alertsHear(t)
	s.startReplicas()
	s.placesRuns(t)
	awaitReady(t, s.replicas...)
}

// apiServerRestarts: the replicas go on, and are asked as soon as anybody is.
func apiServerRestarts(t *testing.T, s *site) { restarts(t, s, "kube-apiserver") }

// etcdRestarts: the API server answers nobody for a while.
func etcdRestarts(t *testing.T, s *site) { restarts(t, s, "etcd") }

func restarts(t *testing.T, s *site, program string) {
	t.Helper()
	must(t, control.Kill(program))
	s.stayReady(t)
	must(t, control.Revive(program))
	must(t, control.AwaitAPIServer())
	s.placesRuns(t)
	s.stayReady(t)
}

// replicaStartsBlind: a replica that knows neither nodes nor its certificate is not ready, and its log says why.
func replicaStartsBlind(t *testing.T, s *site) {
	must(t, control.Kill("kube-apiserver"))
	s.replicas[0].kill()
	s.replicas[0].start()
	const want = "there is no serving certificate yet: Secret polymoat-system/polymoat-tls was not read"
	await(t, want, func() error {
		if blind := s.replicas[0]; blind.serves() || !strings.Contains(blind.says(), want) {
			return fmt.Errorf("ready: %v; its log:\n%s", blind.serves(), blind.says())
		}
		return nil
	})
	must(t, control.Revive("kube-apiserver"))
	must(t, control.AwaitAPIServer())
	s.placesRuns(t)
	awaitReady(t, s.replicas...)
}

// polymoatIsBackFirst: it waits for the API server.
func polymoatIsBackFirst(t *testing.T, s *site) {
	s.switchOff(t)
	s.startReplicas()
	s.switchOn(t)
	s.placesRuns(t)
	awaitReady(t, s.replicas...)
}

// apiServerIsBackFirst: what the cluster, Polyaxon and polymoat need to start does not wait for polymoat.
func apiServerIsBackFirst(t *testing.T, s *site) {
	run, drained := s.newRun(t), s.newRun(t)
	s.switchOff(t)
	s.switchOn(t)
	s.runsWait(t)
	s.restGoesOn(t, run, drained)
	s.startReplicas()
	s.placesRuns(t)
	awaitReady(t, s.replicas...)
}

// switchOff is a power cut.
func (s *site) switchOff(t *testing.T) {
	t.Helper()
	for _, program := range cluster.Programs {
		must(t, control.Kill(program))
	}
	s.killReplicas()
}

// switchOn starts the control plane.
func (s *site) switchOn(t *testing.T) {
	t.Helper()
	for _, program := range cluster.Programs {
		must(t, control.Revive(program))
		if program == "kube-apiserver" {
			must(t, control.AwaitAPIServer())
		}
	}
}

func (s *site) killReplicas() {
	for _, r := range s.replicas {
		r.kill()
	}
}

// startReplicas does what a kubelet does.
func (s *site) startReplicas() {
	for _, r := range s.replicas {
		r.start()
	}
}

// stayReady: no replica ends or becomes less than ready.
func (s *site) stayReady(t *testing.T) {
	t.Helper()
	for _, r := range s.replicas {
		if err := r.get(t.Context(), "/readyz", 5*time.Second); err != nil {
			t.Errorf("%s says %v", r.address, err)
		}
	}
}
