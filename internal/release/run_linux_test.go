package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestRun runs the server of the image as its user, in a root in which there is nothing else.
func TestRun(t *testing.T) {
	r := imageOnce(t)
	image := images(t, index(t, r))["linux/"+runtime.GOARCH]
	if image == nil {
		t.Fatalf("no image is made for linux/%s, so none can be run here: add it to platforms, or test on one of them", runtime.GOARCH)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "polymoat"), server(t, image), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(root, 0o755) }) // or it could not be removed
	got, err := inRoot(root).Output()
	if errors.Is(err, syscall.EPERM) {
		// Where only root may change the root of a process, it runs beside everything else: that it needs nothing
		// of it, TestImage holds.
		got, err = exec.Command(filepath.Join(root, "polymoat"), "--version").Output()
	}
	if err != nil {
		t.Fatal(err)
	}
	want := "polymoat " + testVersion + " (commit " + r.commit + ", " + runtime.Version() + " linux/" + runtime.GOARCH + ")\n"
	if string(got) != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// inRoot is `polymoat --version` in a root, as 65532; without privileges in a user namespace, in which that is oneself.
func inRoot(root string) *exec.Cmd {
	const nonroot = 65532
	cmd := &exec.Cmd{Path: "/polymoat", Args: []string{"/polymoat", "--version"}, Env: []string{}, Dir: "/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     root,
		Credential: &syscall.Credential{Uid: nonroot, Gid: nonroot, NoSetGroups: true},
	}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}
