/** The manifests of deploy/kubernetes, for tests on machines without a cluster. */
import { readdir, readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

const FOLDER = new URL('../../deploy/kubernetes/', import.meta.url);

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Named {
  readonly name: string;
}
type Quantities = Readonly<Record<string, string>>;
interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold?: number;
}

export interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations?: Labels };
      readonly spec: {
        readonly automountServiceAccountToken: boolean;
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes?: readonly Readonly<Record<string, unknown>>[];
      };
    };
  };
}

export type Labels = Readonly<Record<string, string>>;

/** All manifests of a folder, by file. */
export async function readManifests(folder: 'base' | 'keda'): Promise<Map<string, Manifest[]>> {
  const files = (await readdir(new URL(`${folder}/`, FOLDER))).toSorted();
  const read = files.map(async (file) => {
    const text = await readFile(new URL(`${folder}/${file}`, FOLDER), 'utf8');
    const documents = parseAllDocuments(text, { merge: true });
    return [
      file,
      [...documents].map((document) => {
        if (document.errors.length > 0) throw document.errors[0];
        return document.toJS() as Manifest;
      }),
    ] as const;
  });
  return new Map(await Promise.all(read));
}
