#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs this bundle on its Azure IoT Edge device with Windows. In Windows PowerShell, as administrator, type:
powershell -ExecutionPolicy Bypass -File .\Initialize-IoTEdge.ps1
.DESCRIPTION
Nothing is touched before everything has been checked. A new device is set up by Microsoft's Initialize-IoTEdge; then, and
on a device that is set up already, certificate and configuration are replaced and the service iotedge is restarted. When
that fails the old files come back; when it goes well they stay as <file>.before-install. The private key is not changed.
Add -WhatIf to see what would be done.
.PARAMETER Proxy
The proxy for the download of Microsoft's script. Without it, the one of the bundle, if any.
#>
[CmdletBinding(SupportsShouldProcess)]
param([string] $Proxy)

#SETTINGS#
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$serviceKey = 'HKLM:\SYSTEM\CurrentControlSet\Services\iotedge'
$configuration = "$env:ProgramData\iotedge\config.yaml"
$faults = New-Object System.Collections.Generic.List[string]

# Checks. They use .NET, where [ and ] in a path are not wildcards.
if (-not (Get-Service iotedge -ErrorAction SilentlyContinue)) {
    $faults.Add("IoT Edge $Runtime is not installed. Type: . { Invoke-WebRequest -UseBasicParsing https://aka.ms/iotedge-win } | Invoke-Expression; Deploy-IoTEdge -ContainerOs $ContainerOs")
}
if ($BundledConfiguration -and $env:ProgramData -ne 'C:\ProgramData') {
    $faults.Add("ProgramData is $env:ProgramData, expected C:\ProgramData, which the configuration names.")
}
$source = if ($BundledCertificate) { Join-Path $PSScriptRoot $BundledCertificate } else { $Certificate }
$bundled = if ($BundledConfiguration) { Join-Path $PSScriptRoot $BundledConfiguration }
foreach ($file in @($source, $PrivateKey, $bundled, $EdgeCaCertificate, $EdgeCaPrivateKey, $TrustBundle, $SecurityDaemonScript)) {
    if ($file -and -not [IO.File]::Exists($file)) { $faults.Add("$file is missing. Put it there.") }
}
$chain = @()
if ([IO.File]::Exists($source)) {
    # The .NET of Windows PowerShell cannot read PEM.
    $chain = @([regex]::Matches([IO.File]::ReadAllText($source), '-----BEGIN CERTIFICATE-----([^-]+)-----END') | ForEach-Object {
            New-Object Security.Cryptography.X509Certificates.X509Certificate2 (, [Convert]::FromBase64String($_.Groups[1].Value))
        })
    if ($chain.Count -eq 0) { $faults.Add("$source holds no certificate in PEM form. Convert it: openssl x509 -inform DER -in FILE -out FILE.pem") }
}
if ($chain.Count -gt 0) {
    $leaf = $chain[0]
    $name = $leaf.GetNameInfo('SimpleName', $false)
    $sha256 = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($leaf.RawData)).Replace('-', '')
    if (-not $name.Equals($DeviceId)) { $faults.Add("$source is of CN '$name', expected '$DeviceId'. Use the certificate of this device.") }
    if ($Thumbprints -notcontains $leaf.Thumbprint -and $Thumbprints -notcontains $sha256) {
        $faults.Add("$source has the thumbprint $sha256 (SHA-1 $($leaf.Thumbprint)), which the hub would refuse; registered are $($Thumbprints -join ', '). Use a registered certificate.")
    }
    if ((Get-Date) -lt $leaf.NotBefore -or (Get-Date) -gt $leaf.NotAfter) {
        $faults.Add("$source is valid from $($leaf.NotBefore) to $($leaf.NotAfter), and the clock here says $(Get-Date). Renew it, or set the clock.")
    }
}
if ([IO.File]::Exists($PrivateKey) -and [IO.File]::ReadAllText($PrivateKey) -notmatch '-----BEGIN (RSA )?PRIVATE KEY-----(?!\s*Proc-Type)') {
    $faults.Add("$PrivateKey is no RSA key in PEM form without a passphrase. Convert it: openssl rsa -in KEY -out NEW_KEY")
}

# The host name: the configuration has the manifest's; else it gets the one that the device has, else the machine's, as
# Initialize-IoTEdge does. The daemon and both scripts write it in one of these forms.
$hostName = ''
if ($NameLine -and [IO.File]::Exists($configuration)) {
    $present = [IO.File]::ReadAllText($configuration)
    $form = '(?m)^hostname:(?:[ \t]+(?:"(?<text>(?:[^"\\\r\n]|\\["\\])*)"|''(?<line>(?:[^''\r\n]|'''')*)''|(?<plain>[A-Za-z0-9][A-Za-z0-9._-]*)))?[ \t]*(?:[ \t]#[^\r\n]*)?\r?$'
    $found = @([regex]::Matches($present, $form))
    if ($found.Count -gt 1 -or ($found.Count -eq 0 -and [regex]::IsMatch($present, '(?m)^[^#\r\n]*\bhostname["'']?[ \t]*:'))) {
        $faults.Add("The host name in $configuration cannot be read from it, expected the name in quotes on one line. It must stay what it is: write it into the manifest (config.hostname of $DeviceId), and get the bundle again.")
    }
    elseif ($found.Count -eq 1) {
        $groups = $found[0].Groups
        $hostName = [regex]::Replace($groups['text'].Value, '\\(.)', '$1') + $groups['line'].Value.Replace("''", "'") + $groups['plain'].Value
    }
}
if ($hostName -match '^\s*(<.*>)?\s*$') { $hostName = [Net.Dns]::GetHostName() }
if ($faults.Count -gt 0) { throw ($faults -join "`n") + "`nNothing was changed." }

# The wanted state, and the changes that lead to it.
$password = ''
if ($RegistryPasswordFrom) {
    $password = [Environment]::GetEnvironmentVariable($RegistryPasswordFrom)
    if (-not $password) {
        $typed = Read-Host -AsSecureString "Password of $RegistryUsername for the registry ($RegistryPasswordFrom)"
        $password = (New-Object Net.NetworkCredential ('', $typed)).Password
    }
    if (-not $password) { throw "The secret $RegistryPasswordFrom is empty. Nothing was changed." }
}
$wanted = [ordered]@{}
if ($BundledCertificate) { $wanted[$Certificate] = [IO.File]::ReadAllText($source) }
if ($BundledConfiguration) {
    $wanted[$configuration] = [IO.File]::ReadAllText($bundled)
    if ($NameLine) {
        $wanted[$configuration] = $wanted[$configuration].Replace($NameLine, $NameBefore + $hostName.Replace('\', '\\').Replace('"', '\"') + $NameAfter)
    }
    # Without a secret, "${}" is ordinary text.
    if ($RegistryPasswordFrom) {
        $wanted[$configuration] = $wanted[$configuration].Replace("`"`${$RegistryPasswordFrom}`"", (ConvertTo-Json $password))
    }
}
# With Linux containers, only Microsoft's script knows the addresses at which modules reach the daemon.
$initializes = -not $BundledConfiguration -or -not [IO.File]::Exists($configuration)
$changed = @($wanted.Keys | Where-Object { -not [IO.File]::Exists($_) -or -not $wanted[$_].Equals([IO.File]::ReadAllText($_)) })
$environment = @((Get-ItemProperty $serviceKey).PSObject.Properties | Where-Object { $_.Name -eq 'Environment' } | ForEach-Object { $_.Value })
$proxies = @(if ($HttpsProxy) { "https_proxy=$HttpsProxy" }; if ($NoProxy) { "no_proxy=$NoProxy" })
$newEnvironment = $environment
if ($proxies.Count -gt 0) { $newEnvironment = @($environment | Where-Object { $_ -notmatch '^(https|no)_proxy=' }) + $proxies }
$environmentChanges = ($environment -join "`n") -cne ($newEnvironment -join "`n")
if (-not ($initializes -or $changed.Count -gt 0 -or $environmentChanges)) { return "$DeviceId is installed already, nothing to do." }

$steps = @($changed | ForEach-Object { "replace $_" })
if ($environmentChanges) { $steps += "set $serviceKey Environment" }
if ($initializes) { $steps += 'call Initialize-IoTEdge' }
if (-not $PSCmdlet.ShouldProcess($DeviceId, ($steps + 'restart the service iotedge') -join ', ')) { return }

if ($initializes) {
    $daemonScript = $SecurityDaemonScript
    if (-not $daemonScript) {
        $daemonScript = Join-Path $env:TEMP 'IotEdgeSecurityDaemon.ps1'
        $download = @{ Uri = 'https://aka.ms/iotedge-win'; OutFile = $daemonScript; UseBasicParsing = $true }
        if ($Proxy -or $HttpsProxy) { $download.Proxy = if ($Proxy) { $Proxy } else { $HttpsProxy } }
        # https://github.com/MicrosoftDocs/azure-docs/issues/95876
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
        Invoke-WebRequest @download
    }
    . $daemonScript
    $initialize = Get-Command Initialize-IoTEdge -CommandType Function
}

# Microsoft's script puts values between single quotes of YAML by -replace, where $ refers to the match.
function Protect-Value([string] $Value) { $Value.Replace("'", "''").Replace('$', '$$') }

function Set-ServiceEnvironment([string[]] $Lines) {
    if ($Lines) { Set-ItemProperty $serviceKey -Name Environment -Type MultiString -Value $Lines }
    else { Remove-ItemProperty $serviceKey -Name Environment -ErrorAction SilentlyContinue }
}

$had = @{}
foreach ($file in @($changed; if ($initializes) { $configuration })) {
    $had[$file] = [IO.File]::Exists($file)
    if ($had[$file]) { [IO.File]::Copy($file, "$file.before-install", $true) }
}
try {
    Stop-Service iotedge
    [void] [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Certificate))
    if ($BundledCertificate) { [IO.File]::WriteAllText($Certificate, $wanted[$Certificate]) }
    # Windows takes the chain for the hub from this store: https://github.com/Azure/iotedge/pull/2644
    $store = New-Object Security.Cryptography.X509Certificates.X509Store ('CA', 'LocalMachine')
    $store.Open('ReadWrite')
    $chain | Select-Object -Skip 1 | Where-Object { $_.Subject -ne $_.Issuer } | ForEach-Object { $store.Add($_) }
    $store.Close()
    if ($environmentChanges) { Set-ServiceEnvironment $newEnvironment }
    if ($initializes) {
        # Initialize-IoTEdge refuses a device that has a configuration.
        [IO.File]::Delete($configuration)
        $arguments = @{
            ManualX509 = $true
            IotHubHostName = $HubHostName
            DeviceId = Protect-Value $DeviceId
            X509IdentityCertificate = Protect-Value $Certificate
            X509IdentityPrivateKey = Protect-Value $PrivateKey
            ContainerOs = $ContainerOs
            DynamicReprovisioning = $DynamicReprovisioning
            AgentImage = Protect-Value $AgentImage
        }
        if ($password) {
            $arguments.Username = Protect-Value $RegistryUsername
            $arguments.Password = ConvertTo-SecureString (Protect-Value $password) -AsPlainText -Force
        }
        # Initialize-IoTEdge takes all three or none. A bundled configuration has them already.
        if (-not $BundledConfiguration -and $TrustBundle) {
            $arguments.DeviceCACertificate = $EdgeCaCertificate
            $arguments.DeviceCAPrivateKey = $EdgeCaPrivateKey
            $arguments.DeviceTrustbundle = $TrustBundle
        }
        & $initialize @arguments
        if (-not [IO.File]::Exists($configuration)) { throw "Initialize-IoTEdge wrote no $configuration." }
    }
    if ($BundledConfiguration) {
        Stop-Service iotedge
        # Written into the existing file, which keeps its access rights.
        [IO.File]::WriteAllText($configuration, $wanted[$configuration])
    }
    Start-Service iotedge
    Start-Sleep -Seconds 5
    if ((Get-Service iotedge).Status -ne 'Running') { throw 'The service iotedge did not stay up.' }
}
catch {
    $failure = $_
    Stop-Service iotedge -ErrorAction SilentlyContinue
    foreach ($file in $had.Keys) {
        if ($had[$file]) { [IO.File]::Copy("$file.before-install", $file, $true) } else { [IO.File]::Delete($file) }
    }
    if ($environmentChanges) { Set-ServiceEnvironment $environment }
    if ([IO.File]::Exists($configuration)) { Start-Service iotedge -ErrorAction Continue }
    Write-Warning "$DeviceId is not installed; the old files are back. Look above, and at: Get-IoTEdgeLog"
    throw $failure
}
"$DeviceId is installed and running. Look at: iotedge check"
