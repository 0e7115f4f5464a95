"""Calls the hub of IOTHUB_CONNECTION_STRING by the parts of the Python service SDK that fixtures/registry.py leaves out, and prints what it was told."""

import json
import logging
import os
import time
from datetime import datetime, timedelta, timezone

from azure.iot.hub import IoTHubConfigurationManager, IoTHubJobManager, IoTHubRegistryManager
from azure.iot.hub.models import (
    CloudToDeviceMethod,
    Configuration,
    ConfigurationContent,
    ConfigurationQueriesTestInput,
    JobRequest,
    QuerySpecification,
    Twin,
)
from msrest.exceptions import HttpOperationError

logging.disable(logging.WARNING)

hub = os.environ["IOTHUB_CONNECTION_STRING"]
registry = IoTHubRegistryManager.from_connection_string(hub)
configurations = IoTHubConfigurationManager.from_connection_string(hub)
jobs = IoTHubJobManager.from_connection_string(hub)
told = {}


def tell(name, call):
    """Makes a call and keeps what it was told: its answer, or the number of a refusal."""
    try:
        answer = call()
        told[name] = answer.as_dict() if hasattr(answer, "as_dict") else answer
    except HttpOperationError as error:
        told[name] = error.response.status_code
    except Exception as error:
        told[name] = str(error)


registry.create_device_with_x509("edge-1", "1F" * 20, "2E" * 20, "enabled", True)
registry.update_twin("edge-1", Twin(tags={"line": "4"}))
tell("service statistics", registry.get_service_statistics)
tell("devices", lambda: [device.device_id for device in registry.get_devices(10)])

# Configurations
agent = {"properties.desired": {"schemaVersion": "1.1", "modules": {}}}
hub_module = {"properties.desired": {"schemaVersion": "1.1", "routes": {}}}
content = ConfigurationContent(modules_content={"$edgeAgent": agent, "$edgeHub": hub_module})


def wanted(priority):
    return Configuration(
        id="rollout-1",
        schema_version="1.0",
        content=content,
        target_condition="tags.line = '4'",
        priority=priority,
        labels={"site": "berlin"},
    )


tell("create", lambda: configurations.create_configuration(wanted(5)))
tell("create again", lambda: configurations.create_configuration(wanted(5)))
tell("get", lambda: configurations.get_configuration("rollout-1"))
tell("list", lambda: [found.id for found in configurations.get_configurations(10)])
tell("update", lambda: configurations.update_configuration(wanted(7), '"%s"' % told["get"]["etag"]))
tell("test", lambda: configurations.test_configuration_queries(
    ConfigurationQueriesTestInput(target_condition="tags.line = '4'", custom_metric_queries={"all": "SELECT deviceId FROM devices"})
))
tell("test of nonsense", lambda: configurations.test_configuration_queries(
    ConfigurationQueriesTestInput(target_condition="tags.line ==", custom_metric_queries={})
))
tell("delete", lambda: configurations.delete_configuration("rollout-1"))
tell("get of none", lambda: configurations.get_configuration("rollout-1"))
tell("apply", lambda: configurations.apply_configuration_on_edge_device("edge-1", content))

# Scheduled jobs. Their query is left out: this SDK expects an object, and the service answers an array.
update = JobRequest(
    job_id="twins-1",
    type="scheduleUpdateTwin",
    update_twin=Twin(etag="*", tags={"floor": "2"}),
    query_condition="deviceId = 'edge-1'",
    start_time="2026-01-01T00:00:00Z",
    max_execution_time_in_seconds=60,
)
method = JobRequest(
    job_id="methods-1",
    type="scheduleDeviceMethod",
    cloud_to_device_method=CloudToDeviceMethod(method_name="reboot"),
    query_condition="deviceId = 'edge-1'",
    start_time=(datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(),
    max_execution_time_in_seconds=60,
)


def ended():
    for _ in range(50):
        job = jobs.get_scheduled_job("twins-1")
        if job.status in ("completed", "failed"):
            break
        time.sleep(0.1)
    return job.status


tell("twin job", lambda: jobs.create_scheduled_job("twins-1", update).type)
tell("twin job, later", ended)
tell("tags", lambda: registry.get_twin("edge-1").tags)
tell("method job", lambda: jobs.create_scheduled_job("methods-1", method).type)
tell("method job, cancelled", lambda: jobs.cancel_scheduled_job("methods-1").status)
tell("import and export jobs", lambda: len(jobs.get_import_export_jobs()))

# Methods
tell("method", lambda: registry.invoke_device_method("edge-1", CloudToDeviceMethod(method_name="reboot")))
tell("module's method", lambda: registry.invoke_device_module_method("edge-1", "$edgeAgent", CloudToDeviceMethod(method_name="ping")))
tell("modules", lambda: registry.query_iot_hub(QuerySpecification(query="SELECT moduleId FROM devices.modules")).items is not None)

print(json.dumps(told))
