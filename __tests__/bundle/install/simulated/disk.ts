import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in a file, whose power can be cut. */
export interface Disk {
  readonly folder: string;
  /** From now on nothing is written, and what is in memory only is lost: as if the power were cut. */
  cut(): void;
  /** Mounts it again, as after a boot: ext4 replays its journal. */
  restart(): void;
  remove(): void;
}

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: fs/ext4/ext4.h of Linux. */
const shutDown =
  'import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack("I", 2))';

/** Makes an ext4 of some megabytes and mounts it at a folder. Its journal is written only when somebody asks for it. */
export function makeDisk(folder: string, image: string): Disk {
  writeFileSync(image, '');
  truncateSync(image, 16 * 2 ** 20);
  must('mkfs.ext4', '-q', '-F', image);
  mkdirSync(folder, { recursive: true });
  const mount = () => must('mount', '-o', 'loop,commit=600', image, folder);
  const unmount = () => must('umount', folder);
  mount();
  return {
    folder,
    cut: () => must('python3', '-c', shutDown, folder),
    restart: () => {
      unmount();
      mount();
    },
    remove: () => {
      unmount();
      rmSync(image);
    },
  };
}

/** Whether this machine lets us: it takes root and loop devices, which a container may lack. */
export function canCutDisks(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'provision-disk-'));
  try {
    const disk = makeDisk(join(place, 'disk'), join(place, 'image'));
    try {
      disk.cut();
      disk.restart();
      return true;
    } finally {
      disk.remove();
    }
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function must(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}
