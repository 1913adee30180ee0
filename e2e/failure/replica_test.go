package failure_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// replica is a pod of the Deployment: the server as a process of this machine, with the flags that the Deployment gives
// it, and a kubelet that probes it as the Deployment says.
type replica struct {
	t           *testing.T
	address     string // 127.0.0.1:9443
	probed      string // where the kubelet asks: 127.0.0.1:8081
	program     string // that of the image
	args        []string
	log         string       // its file
	connections atomic.Int64 // from the balancer
	ready       atomic.Bool  // what the kubelet has told the cluster

	mu      sync.Mutex
	running *run // nil before the first
}

// run is one life of a replica's process.
type run struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// newReplica starts a replica as the Deployment is now. It ends with the test.
func newReplica(t *testing.T, d *appsv1.Deployment) *replica {
	t.Helper()
	container := d.Spec.Template.Spec.Containers[0]
	r := &replica{t: t, address: freeAddress(t), probed: freeAddress(t), program: programOf(t, container.Image), log: filepath.Join(t.TempDir(), "log")}
	_, port, err := net.SplitHostPort(r.address)
	must(t, err)
	// Of two flags of one name the last one counts: these are the only ones that are not the Deployment's.
	r.args = append(mounted(t, d), "--port="+port, "--health-probe-bind-address="+r.probed, "--metrics-bind-address="+freeAddress(t), "--kubeconfig="+control.Kubeconfig(serviceAccount))
	r.start()
	kubelet := watch(r, container.ReadinessProbe, container.LivenessProbe)
	t.Cleanup(func() {
		kubelet()
		r.kill()
		if text, _ := os.ReadFile(r.log); t.Failed() {
			t.Logf("the server at %s says:\n%s", r.address, text[max(0, len(text)-3000):])
		}
	})
	return r
}

// programOf is what an image holds: that of the tag 0.1.0 is built from the tag v0.1.0 of git, and says so of itself.
func programOf(t *testing.T, image string) string {
	t.Helper()
	_, tag, _ := strings.Cut(image, ":")
	if servers[tag] == "" {
		t.Fatalf("no server is built for the image %s", image)
	}
	return servers[tag]
}

// mounted are the container's flags, with folders of this machine in the place of what a kubelet would mount.
func mounted(t *testing.T, d *appsv1.Deployment) []string {
	t.Helper()
	container, args := d.Spec.Template.Spec.Containers[0], ""
	for _, arg := range container.Args {
		args += arg + "\n"
	}
	for _, volume := range d.Spec.Template.Spec.Volumes {
		if volume.ConfigMap == nil {
			t.Fatalf("volume %s holds no ConfigMap, and nothing else is mounted here", volume.Name)
		}
		var held corev1.ConfigMap
		key := client.ObjectKey{Namespace: d.Namespace, Name: volume.ConfigMap.Name}
		must(t, as(t, cluster.Admin).Get(t.Context(), key, &held))
		dir := t.TempDir()
		for name, text := range held.Data {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume.Name {
				args = strings.ReplaceAll(args, mount.MountPath, dir)
			}
		}
	}
	return strings.Split(strings.TrimSpace(args), "\n")
}

// start starts the process, as a kubelet does with one that has ended.
func (r *replica) start() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(r.t, err)
	defer func() { _ = log.Close() }()
	life := &run{cmd: exec.Command(r.program, r.args...), ended: make(chan struct{})}
	life.cmd.Stdout, life.cmd.Stderr, life.cmd.SysProcAttr = log, log, cluster.ChildAttributes()
	must(r.t, life.cmd.Start())
	r.running = life
	go func() {
		_ = life.cmd.Wait() // how it ended is in its ProcessState
		r.ready.Store(false)
		close(life.ended)
	}()
}

// life is the current one.
func (r *replica) life() *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

func (l *run) hasEnded() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

// serves says whether the Service sends connections here. The end of a process is known at once, what hangs only by probes.
func (r *replica) serves() bool { return r.ready.Load() && !r.life().hasEnded() }

// kill is kill -9; it waits for the end.
func (r *replica) kill() {
	life := r.life()
	_ = life.cmd.Process.Signal(syscall.SIGKILL)
	<-life.ended
}

// hang is what a deadlock or a starved machine looks like from outside: the process is there, and does nothing.
func (r *replica) hang() { must(r.t, r.life().cmd.Process.Signal(syscall.SIGSTOP)) }

// retire ends the replica as the end of its pod does, and returns what waits for that. It must finish what is in flight.
func (r *replica) retire() (wait func()) {
	life := r.life()
	must(r.t, life.cmd.Process.Signal(syscall.SIGTERM))
	return func() {
		r.t.Helper()
		await(r.t, "the end of a server that was told to stop", func() error {
			if !life.hasEnded() {
				return errors.New("it runs")
			}
			return nil
		})
		if state := life.cmd.ProcessState; !state.Success() {
			r.t.Errorf("a server that was told to stop ended with %s", state)
		}
	}
}

// says is what the server has written to its log, since it was first started.
func (r *replica) says() string {
	text, err := os.ReadFile(r.log)
	must(r.t, err)
	return string(bytes.TrimSpace(text))
}

// awaitReady waits until the cluster knows that all of them are ready.
func awaitReady(t *testing.T, replicas ...*replica) {
	t.Helper()
	for _, r := range replicas {
		await(t, "a replica that is ready", func() error {
			if !r.serves() {
				return fmt.Errorf("%s is not", r.address)
			}
			return nil
		})
	}
}
