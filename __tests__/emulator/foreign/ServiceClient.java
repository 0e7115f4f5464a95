import com.google.gson.Gson;
import com.google.gson.JsonParser;
import com.microsoft.azure.sdk.iot.service.auth.AuthenticationType;
import com.microsoft.azure.sdk.iot.service.configurations.Configuration;
import com.microsoft.azure.sdk.iot.service.configurations.ConfigurationContent;
import com.microsoft.azure.sdk.iot.service.configurations.ConfigurationsClient;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubException;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJob;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobStatus;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobType;
import com.microsoft.azure.sdk.iot.service.jobs.ScheduledJobsClient;
import com.microsoft.azure.sdk.iot.service.methods.DirectMethodsClient;
import com.microsoft.azure.sdk.iot.service.query.QueryClient;
import com.microsoft.azure.sdk.iot.service.query.QueryPageOptions;
import com.microsoft.azure.sdk.iot.service.registry.Device;
import com.microsoft.azure.sdk.iot.service.registry.DeviceStatus;
import com.microsoft.azure.sdk.iot.service.registry.Module;
import com.microsoft.azure.sdk.iot.service.registry.RegistryClient;
import com.microsoft.azure.sdk.iot.service.registry.RegistryJob;
import com.microsoft.azure.sdk.iot.service.twin.DeviceCapabilities;
import com.microsoft.azure.sdk.iot.service.twin.Twin;
import com.microsoft.azure.sdk.iot.service.twin.TwinClient;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Calls the hub of IOTHUB_CONNECTION_STRING by Microsoft's service client, and prints what each call was told, as one JSON document. */
class ServiceClient {
  static final Map<String, Object> told = new LinkedHashMap<>();
  static final String hub = System.getenv("IOTHUB_CONNECTION_STRING");
  static final String primary = "1F".repeat(20);
  static final String secondary = "2E".repeat(20);

  interface Call {
    Object run() throws Exception;
  }

  /** Makes a call and keeps what it was told. A refusal is kept as its class and number. */
  static void tell(String name, Call call) {
    try {
      told.put(name, call.run());
    } catch (IotHubException refused) {
      told.put(name, refused.getClass().getSimpleName() + " " + refused.getErrorCodeDescription());
    } catch (Exception failed) {
      told.put(name, failed.toString());
    }
  }

  public static void main(String[] none) throws Exception {
    devices();
    modules();
    twins();
    queries();
    configurations();
    methods();
    scheduledJobs();
    registryJobs();
    System.out.println(new Gson().toJson(told));
    System.exit(0); // Threads of the SDK would keep the process for a minute.
  }

  static final RegistryClient registry = new RegistryClient(hub);

  static Device edge(String id) {
    Device device = new Device(id, AuthenticationType.SELF_SIGNED);
    device.setThumbprint(primary, secondary);
    DeviceCapabilities capabilities = new DeviceCapabilities();
    capabilities.setIotEdge(true);
    device.setCapabilities(capabilities);
    return device;
  }

  static Map<String, Object> shown(Device device) {
    Map<String, Object> shown = new TreeMap<>();
    shown.put("id", device.getDeviceId());
    shown.put("edge", device.getCapabilities() != null && device.getCapabilities().isIotEdge());
    shown.put("status", device.getStatus());
    shown.put("type", device.getAuthenticationType());
    shown.put("thumbprints", List.of(String.valueOf(device.getPrimaryThumbprint()), String.valueOf(device.getSecondaryThumbprint())));
    shown.put("scope", device.getScope());
    return shown;
  }

  static void devices() {
    tell("addDevice", () -> shown(registry.addDevice(edge("edge-1"))));
    tell("addDevice again", () -> shown(registry.addDevice(edge("edge-1"))));
    tell("addDevice with keys", () -> registry.addDevice(new Device("leaf-1")).getPrimaryKey().length());
    tell("getDevice", () -> shown(registry.getDevice("edge-1")));
    tell("getDevice of none", () -> shown(registry.getDevice("nobody")));
    tell("updateDevice", () -> {
      Device device = registry.getDevice("edge-1");
      device.setStatus(DeviceStatus.Disabled);
      return shown(registry.updateDevice(device));
    });
    tell("updateDevice back", () -> {
      Device device = registry.getDevice("edge-1");
      device.setStatus(DeviceStatus.Enabled);
      return shown(registry.updateDevice(device));
    });
    tell("getStatistics", () -> registry.getStatistics().getTotalDeviceCount());
  }

  static void modules() {
    tell("addModule", () -> registry.addModule(new Module("edge-1", "filter")).getId());
    tell("getModule", () -> registry.getModule("edge-1", "filter").getDeviceId());
    tell("getModulesOnDevice", () -> {
      List<String> ids = new ArrayList<>();
      for (Module module : registry.getModulesOnDevice("edge-1")) ids.add(module.getId());
      ids.sort(null);
      return ids;
    });
    tell("updateModule", () -> {
      Module module = registry.getModule("edge-1", "filter");
      module.getSymmetricKey().setPrimaryKey("a2V5".repeat(8));
      return registry.updateModule(module).getPrimaryKey();
    });
  }

  static void twins() {
    TwinClient twins = new TwinClient(hub);
    tell("twin get", () -> twins.get("edge-1").getDeviceId());
    tell("twin patch", () -> {
      Twin patch = new Twin("edge-1");
      patch.getTags().put("site", "berlin");
      patch.getDesiredProperties().put("interval", 5);
      Twin patched = twins.patch(patch);
      return List.of(patched.getTags().get("site"), patched.getDesiredProperties().getVersion());
    });
    tell("twin patch by an old etag", () -> {
      Twin patch = new Twin("edge-1");
      patch.getTags().put("site", "bonn");
      return twins.patch(patch, "MTIz").getTags().get("site");
    });
    tell("twin replace", () -> {
      Twin wanted = new Twin("edge-1");
      wanted.getTags().put("line", "4");
      return twins.replace(wanted).getTags().toString();
    });
    tell("module twin get", () -> twins.get("edge-1", "filter").getModuleId());
    tell("module twin patch", () -> {
      Twin patch = new Twin("edge-1", "filter");
      patch.getDesiredProperties().put("limit", 7);
      return twins.patch(patch).getDesiredProperties().get("limit");
    });
    tell("module twin replace", () -> {
      Twin wanted = new Twin("edge-1", "filter");
      wanted.getDesiredProperties().put("on", true);
      return twins.replace(wanted).getDesiredProperties().keySet();
    });
  }

  static void queries() {
    QueryClient queries = new QueryClient(hub);
    tell("queryTwins", () -> {
      var pages = queries.queryTwins("SELECT * FROM devices WHERE tags.line = '4'");
      return pages.hasNext() ? pages.next().getDeviceId() : "none";
    });
    tell("queryRaw", () -> {
      List<String> rows = new ArrayList<>();
      var page = QueryPageOptions.builder().pageSize(1).build();
      var pages = queries.queryRaw("SELECT deviceId FROM devices WHERE status = 'enabled'", page);
      while (pages.hasNext()) rows.add(JsonParser.parseString(pages.next()).getAsJsonObject().get("deviceId").getAsString());
      rows.sort(null);
      return rows;
    });
    tell("queryRaw of nonsense", () -> queries.queryRaw("SELECT FROM").hasNext());
    tell("queryJobs", () -> queries.queryJobs(ScheduledJobType.scheduleUpdateTwin, ScheduledJobStatus.completed).hasNext());
  }

  static void configurations() {
    ConfigurationsClient configurations = new ConfigurationsClient(hub);
    Map<String, Object> agent = Map.of("properties.desired", Map.of("schemaVersion", "1.1", "modules", Map.of()));
    ConfigurationContent content = new ConfigurationContent();
    content.setModulesContent(Map.of("$edgeAgent", agent, "$edgeHub", Map.of("properties.desired", Map.of("schemaVersion", "1.1", "routes", Map.of()))));
    Configuration wanted = new Configuration("rollout-1");
    wanted.setContent(content);
    wanted.setPriority(5);
    wanted.setTargetCondition("tags.line = '4'");
    tell("configuration create", () -> configurations.create(wanted).getPriority());
    tell("configuration create again", () -> configurations.create(wanted).getPriority());
    tell("configuration get", () -> configurations.get("rollout-1").getTargetCondition());
    tell("configurations get", () -> configurations.get(10).size());
    tell("configuration replace", () -> {
      Configuration stored = configurations.get("rollout-1");
      stored.setPriority(7);
      return configurations.replace(stored).getPriority();
    });
    tell("configuration delete", () -> {
      configurations.delete("rollout-1");
      return "deleted";
    });
    tell("configuration get of none", () -> configurations.get("rollout-1").getId());
    tell("applyConfigurationContentOnDevice", () -> {
      configurations.applyConfigurationContentOnDevice("edge-1", content);
      return "applied";
    });
  }

  static void methods() {
    DirectMethodsClient methods = new DirectMethodsClient(hub);
    tell("invoke", () -> methods.invoke("edge-1", "reboot").getStatus());
    tell("invoke on a module", () -> methods.invoke("edge-1", "filter", "reboot").getStatus());
  }

  static void scheduledJobs() throws Exception {
    ScheduledJobsClient jobs = new ScheduledJobsClient(hub);
    Twin patch = new Twin();
    patch.setETag("*");
    patch.getTags().put("floor", "2");
    tell("scheduleUpdateTwin", () -> jobs.scheduleUpdateTwin("twins-1", "deviceId = 'leaf-1'", patch, new Date(), 60).getJobType());
    tell("scheduled job", () -> {
      for (int tries = 0; tries < 50; tries += 1) {
        ScheduledJob job = jobs.get("twins-1");
        if (job.getJobStatus() == ScheduledJobStatus.completed) return "completed";
        Thread.sleep(100);
      }
      return jobs.get("twins-1").getJobStatus();
    });
    tell("tags by the job", () -> new TwinClient(hub).get("leaf-1").getTags().get("floor"));
    tell("scheduleDirectMethod", () -> jobs.scheduleDirectMethod("methods-1", "deviceId = 'leaf-1'", "reboot", new Date(System.currentTimeMillis() + 3_600_000)).getJobType());
    tell("cancel of a scheduled job", () -> jobs.cancel("methods-1").getJobStatus());
    tell("query of scheduled jobs", () -> jobs.query(ScheduledJobType.scheduleUpdateTwin, ScheduledJobStatus.completed).hasNext());
  }

  static RegistryJob ended(RegistryJob job) throws Exception {
    for (int tries = 0; tries < 100; tries += 1) {
      RegistryJob now = registry.getJob(job.getJobId());
      if (now.getStatus() == RegistryJob.JobStatus.COMPLETED || now.getStatus() == RegistryJob.JobStatus.FAILED) return now;
      Thread.sleep(50);
    }
    return job;
  }

  static void registryJobs() {
    String input = System.getenv("INPUT");
    String output = System.getenv("OUTPUT");
    tell("importDevices", () -> ended(registry.importDevices(input, output)).getStatus());
    tell("getDevice after the import", () -> registry.getDevice("imported-1").getDeviceId());
    tell("exportDevices", () -> ended(registry.exportDevices(output, true)).getStatus());
    tell("getJob of none", () -> registry.getJob("nothing").getStatus());
    tell("removeModule", () -> {
      registry.removeModule("edge-1", "filter");
      return registry.getModulesOnDevice("edge-1").size();
    });
    tell("removeDevice", () -> {
      for (String id : List.of("edge-1", "leaf-1", "imported-1")) registry.removeDevice(id);
      return registry.getStatistics().getTotalDeviceCount();
    });
  }
}
